package catalog

import (
	"fmt"

	"github.com/tocsin-dev/tocsin/internal/fault"
	"github.com/tocsin-dev/tocsin/notify"
)

func messagesForm() field[document] {
	kinds := [...]notify.Kind{notify.Page, notify.Notice, notify.Reminder, notify.AllClear}
	type texts [len(kinds)]notify.Template
	of := mapping("Message", "a message, {title, text}", false,
		key("title", "One line.", func(t *notify.Template) *string { return &t.Title }, free[string]("a template")),
		key("text", "Some lines.", func(t *notify.Template) *string { return &t.Text }, free[string]("a template")),
	)
	var fields []field[texts]
	for i, k := range kinds {
		fields = append(fields, key(string(k), fmt.Sprintf("In place of the built-in texts of the kind %s.", k),
			func(t *texts) *notify.Template { return &t[i] }, of))
	}
	f := via(mapping("Messages", "a mapping of kinds of message to their texts", false, fields...),
		func(m *map[notify.Kind]notify.Template) (t texts, err error) {
			for i, k := range kinds {
				t[i] = (*m)[k]
			}
			return t, nil
		},
		func(_ *decoder, _ *part, t *texts, into *map[notify.Kind]notify.Template) {
			for i, k := range kinds {
				if t[i] == (notify.Template{}) {
					continue
				}
				if *into == nil {
					*into = make(map[notify.Kind]notify.Template)
				}
				(*into)[k] = t[i]
			}
		})
	f.shape.shared = true
	return key("messages", "Texts in place of the built-in ones, in the language of Go's text/template.",
		func(d *document) *map[notify.Kind]notify.Template { return &d.Messages }, f)
}

func checkMessages(c *checker) {
	var err error
	c.out.texts, err = notify.NewTemplates(c.Messages)
	c.each(spot{"messages", fault.Path{"messages"}}, err)
}
