package catalog

import (
	"github.com/tocsin-dev/tocsin/internal/fault"
	"github.com/tocsin-dev/tocsin/notify"
)

func messagesForm() field[document] {
	message := mapping("Message", "a message, {title, text}", false,
		key("title", "One line.", func(t *notify.Template) *string { return &t.Title }, free[string]("a template")),
		key("text", "Some lines.", func(t *notify.Template) *string { return &t.Text }, free[string]("a template")),
	)
	kinds := keyed[map[notify.Kind]notify.Template]("Messages", "a mapping of kinds of message to their texts", false, "In place of the built-in texts of the kind %s.",
		message, notify.Page, notify.Notice, notify.Reminder, notify.AllClear)
	kinds.shape.shared = true
	return key("messages", "Texts in place of the built-in ones, in the language of Go's text/template.",
		func(d *document) *map[notify.Kind]notify.Template { return &d.Messages }, kinds)
}

func checkMessages(c *checker) {
	var err error
	c.out.texts, err = notify.NewTemplates(c.Messages)
	c.each(spot{"messages", fault.Path{"messages"}}, err)
}
