package intake

import (
	"net"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-dev/tocsin/event"
)

// summary returns the text of the alert, with its name and its instance in front unless the text tells them. A resolved alert may
// lack annotations; it gets no text, so that the one of the trigger stays.
func (a *alert) summary() string {
	text := summaryOf(func(name string) string { return a.Annotations[name] })
	if text == "" {
		return ""
	}
	return a.named(text)
}

// named returns "name instance: text" without what text tells already. The on-call person reads it on a lock screen.
func (a *alert) named(text string) string {
	var missing []string
	for _, value := range a.which() {
		if !tells(text, value) {
			missing = append(missing, event.Shorten(value, 100))
		}
	}
	name := a.Labels["alertname"]
	if text != "" && (len(missing) == 0 || strings.Contains(text, name)) {
		name = ""
	}
	head := strings.TrimSpace(name + " " + strings.Join(missing, " "))
	switch {
	case text == "":
		return head
	case head == "":
		return text
	}
	return head + ": " + text
}

// which returns the values of the labels that tell this alert from others of its name: the thing, and the part of it. In Kubernetes
// the label instance names the exporter, so the names of Kubernetes come first.
func (a *alert) which() []string {
	var which []string
	for i, name := range [...]string{
		"pod", "statefulset", "daemonset", "deployment", "job_name", "cronjob", "persistentvolumeclaim", "node",
		"instance", "host", "hostname", "nodename", "server", "target",
	} {
		if thing := a.Labels[name]; thing != "" {
			if namespace := a.Labels["namespace"]; namespace != "" && i < 7 {
				thing = namespace + "/" + thing
			}
			which = append(which, thing)
			break
		}
	}
	for _, name := range [...]string{"mountpoint", "device", "container", "queue", "topic", "database", "datname"} {
		if part := a.Labels[name]; part != "" {
			return append(which, part)
		}
	}
	return which
}

// tells reports whether text names value: all of it, its host without the port, or its name without the namespace.
func tells(text, value string) bool {
	host, _, err := net.SplitHostPort(value)
	_, name, _ := strings.Cut(value, "/")
	return contains(text, value) || err == nil && contains(text, host) || !strings.Contains(name, "/") && contains(text, name)
}

// contains reports whether text holds word as a word: db-7 is not in db-70.
func contains(text, word string) bool {
	text, word = strings.ToLower(text), strings.ToLower(word)
	for from := 0; word != ""; {
		at := strings.Index(text[from:], word)
		if at < 0 {
			return false
		}
		at += from
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(word):])
		if !inWord(before) && !inWord(after) {
			return true
		}
		from = at + 1
	}
	return false
}

func inWord(r rune) bool { return r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
