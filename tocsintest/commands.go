package tocsintest

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/tocsin-dev/tocsin/escalate"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
)

// arguments holds the words of a command. Methods remove the words that they return; done reports those that are left.
type arguments struct {
	words []argument // without a name
	named []argument
}

type argument struct {
	name, value string
	quoted      bool
}

// split splits a command into words at spaces. NAME=WORD is an argument with a name. A word in double quotes is a Go string.
func split(line string) (*arguments, error) {
	a := new(arguments)
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		var arg argument
		if i := strings.IndexAny(line, `= "`); i > 0 && line[i] == '=' {
			arg.name, line = line[:i], line[i+1:]
		}
		end := strings.IndexByte(line+" ", ' ')
		arg.value = line[:end]
		if strings.HasPrefix(line, `"`) {
			quoted, err := strconv.QuotedPrefix(line)
			if end = len(quoted); err != nil || end < len(line) && line[end] != ' ' {
				return nil, fmt.Errorf("found %s, expected a text in double quotes, then a space", line)
			}
			arg.value, _ = strconv.Unquote(quoted)
			arg.quoted = true
		}
		if line = line[end:]; arg.name == "" {
			a.words = append(a.words, arg)
		} else if slices.ContainsFunc(a.named, func(b argument) bool { return b.name == arg.name }) {
			return nil, fmt.Errorf("found the argument %s a second time", arg.name)
		} else {
			a.named = append(a.named, arg)
		}
	}
	return a, nil
}

// word removes and returns the next word without a name.
func (a *arguments) word(what string) (argument, error) {
	if len(a.words) == 0 {
		return argument{}, fmt.Errorf("found the end of the command, expected %s", what)
	}
	word := a.words[0]
	a.words = a.words[1:]
	return word, nil
}

// text removes and returns the next word without a name if it is in quotes.
func (a *arguments) text() (string, bool) {
	if len(a.words) == 0 || !a.words[0].quoted {
		return "", false
	}
	word, _ := a.word("")
	return word.value, true
}

// take removes and returns the value of the named argument; "" if there is none.
func (a *arguments) take(name string) string {
	i := slices.IndexFunc(a.named, func(b argument) bool { return b.name == name })
	if i < 0 {
		return ""
	}
	value := a.named[i].value
	a.named = slices.Delete(a.named, i, i+1)
	return value
}

// duration removes and returns a named duration, such as retry-after=5m; 0 if there is none.
func (a *arguments) duration(name string) (time.Duration, error) {
	text := a.take(name)
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("found %s=%s, expected a duration such as 5m", name, text)
	}
	return d, nil
}

// done returns an error if an argument is left.
func (a *arguments) done() error {
	for _, rest := range append(a.words, a.named...) {
		return fmt.Errorf("found %s, expected no more", strings.TrimPrefix(rest.name+"="+rest.value, "="))
	}
	return nil
}

// err makes an error of the text and of the arguments permanent=true or retry-after=5m.
func (a *arguments) err(text string) (error, error) {
	pause, err := a.duration("retry-after")
	if err != nil {
		return nil, err
	}
	why := errors.New(text)
	switch permanent := a.take("permanent"); {
	case permanent == "true":
		return notify.Permanent(why), nil
	case permanent != "":
		return nil, fmt.Errorf("found permanent=%s, expected permanent=true", permanent)
	case pause > 0:
		return notify.RetryAfter(why, pause), nil
	}
	return why, nil
}

// event reads the event that a command describes.
func (p *player) event(signal event.Signal, a *arguments) (event.Event, error) {
	e := event.Event{Signal: signal}
	class, err := a.word("a class")
	if err != nil {
		return e, err
	}
	e.Type = class.value
	e.Summary, _ = a.text()
	if err := p.fill(reflect.ValueOf(&e).Elem(), a); err != nil {
		return e, err
	}
	if !e.Received.IsZero() || e.Signal != signal || e.Type != class.value || e.Tenant != "" {
		return e, errors.New("found received, signal, type or tenant, expected none of them: the command sets signal and type, and stories have one tenant")
	}
	return e, nil
}

// command reads a command of package respond. If the command is about an incident, its number follows the name.
func (p *player) command(a *arguments) (respond.Command, error) {
	word, err := a.word("the name of a command, such as acknowledge")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, c := range core.New().Commands() {
		of := reflect.TypeOf(c)
		names = append(names, dashed(of.Name()))
		if names[len(names)-1] != word.value {
			continue
		}
		v := reflect.New(of).Elem()
		if incident := v.FieldByName("Incident"); incident.IsValid() {
			id, err := a.word("an incident, such as #1")
			if err == nil {
				err = p.set(incident, "incident", id)
			}
			if err != nil {
				return nil, err
			}
		}
		if err := p.fill(v, a); err != nil {
			return nil, err
		}
		return v.Interface().(respond.Command), nil
	}
	return nil, fmt.Errorf("found the command %q, expected one of: %s", word.value, strings.Join(names, ", "))
}

// fill sets the fields of a struct that the arguments name.
func (p *player) fill(v reflect.Value, a *arguments) error {
	for _, arg := range a.named {
		name, key, keyed := strings.Cut(arg.name, ".")
		field := v.FieldByNameFunc(func(f string) bool { return dashed(f) == name })
		if keyed && field.IsValid() && field.Kind() == reflect.Struct {
			arg.name = key
			if err := p.fill(field, &arguments{named: []argument{arg}}); err != nil {
				return err
			}
			continue
		}
		if !field.IsValid() || keyed != (field.Kind() == reflect.Map) || keyed && key == "" {
			return fmt.Errorf("found %s, expected one of: %s", arg.name, strings.Join(fields(v.Type()), ", "))
		}
		if !keyed {
			if err := p.set(field, arg.name, arg); err != nil {
				return err
			}
			continue
		}
		if field.IsNil() {
			field.Set(reflect.MakeMap(field.Type()))
		}
		value := reflect.New(field.Type().Elem()).Elem()
		if err := p.set(value, arg.name, arg); err != nil {
			return err
		}
		field.SetMapIndex(reflect.ValueOf(key).Convert(field.Type().Key()), value)
	}
	a.named = nil
	return nil
}

// fields returns the names of the arguments that fill can set in a struct.
func fields(of reflect.Type) []string {
	var names []string
	for f := range of.Fields() {
		name := dashed(f.Name)
		switch {
		case f.Type.Kind() == reflect.Map:
			name += ".NAME"
		case f.Type == reflect.TypeFor[event.Sender]():
			name += ".FIELD"
		}
		names = append(names, name)
	}
	return names
}

// set parses the value of an argument into the field.
func (p *player) set(field reflect.Value, name string, arg argument) error {
	text, wrong := arg.value, func(expected string) error {
		return fmt.Errorf("found %s=%s, expected %s", name, arg.value, expected)
	}
	if word, ok := field.Addr().Interface().(encoding.TextUnmarshaler); ok && field.Type() != reflect.TypeFor[time.Time]() {
		if err := word.UnmarshalText([]byte(text)); err != nil {
			return fmt.Errorf("found %s=%s: %w", name, text, err)
		}
		return nil
	}
	switch into := field.Addr().Interface().(type) {
	case *time.Time:
		d, err := time.ParseDuration(text)
		if err != nil {
			return wrong("a duration from now, such as -5m")
		}
		*into = p.sim.Now().Add(d)
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return wrong("a duration such as 5m")
		}
		*into = d
	case *escalate.Position:
		if _, err := fmt.Sscanf(text, "%d.%d", &into.Round, &into.Level); err != nil {
			return wrong("a round and a level, such as 1.2")
		}
	case *notify.Message:
		dead, err := p.sim.DeadLetters()
		n, _ := strconv.Atoi(text)
		if err != nil || n < 1 || n > len(dead) {
			return errors.Join(err, wrong(fmt.Sprintf("the number of a dead letter: there are %d", len(dead))))
		}
		*into = dead[n-1]
	case *[]string:
		*into = strings.Split(text, "|")
	case *bool:
		is, err := strconv.ParseBool(text)
		if err != nil {
			return wrong("true or false")
		}
		*into = is
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return wrong("a number")
		}
		*into = n
	case *uint64:
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return wrong("a number")
		}
		*into = n
	case *any:
		if json.Unmarshal([]byte(text), into) != nil || arg.quoted {
			*into = text
		}
	default:
		if field.Kind() != reflect.String {
			return wrong("another argument: stories cannot set this one")
		}
		if !arg.quoted {
			var err error
			if text, err = p.named(text); err != nil {
				return err
			}
		}
		field.SetString(text)
	}
	return nil
}

// dashed writes the name of a field or command as stories do: DedupKey as dedup-key.
func dashed(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) && unicode.IsLower(rune(name[i-1])) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
