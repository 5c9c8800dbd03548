package chat

import (
	"strings"
	"unicode"
)

// escapeSlack takes their meaning from the three characters that begin and end everything live.
func escapeSlack(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// isSlackMember reports whether to is the id of a person in Slack.
func isSlackMember(to string) bool {
	if len(to) < 9 || to[0] != 'U' && to[0] != 'W' {
		return false
	}
	return strings.Trim(to, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// isDiscordID reports whether to is the id of a person in Discord.
func isDiscordID(to string) bool {
	return len(to) >= 15 && len(to) <= 20 && strings.Trim(to, "0123456789") == ""
}

// escapeMarkdown escapes every sign of Discord's markdown, but not in a plain link, which would no longer lead there.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		end := strings.IndexFunc(s, unicode.IsSpace)
		switch {
		case end == 0:
			end = len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
			b.WriteString(s[:end])
		default:
			if end < 0 {
				end = len(s)
			}
			b.WriteString(escapeWord(s[:end]))
		}
		s = s[end:]
	}
	return b.String()
}

func escapeWord(word string) string {
	link := strings.HasPrefix(word, "https://") || strings.HasPrefix(word, "http://")
	if link && !strings.ContainsAny(word, "\\`*~|<>[]()@") {
		return word
	}
	var b strings.Builder
	for _, r := range word {
		if strings.ContainsRune("\\`*_~|<>[]()#-+.:@", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// escapeMentions parts every @ from what follows by a character that joins words and is not seen.
func escapeMentions(s string) string { return strings.ReplaceAll(s, "@", "@\u2060") }
