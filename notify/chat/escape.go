package chat

import (
	"strings"
	"unicode"
)

// escapeSlack escapes the three control characters of Slack's mark-up.
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

// escapeMarkdown escapes the control characters of Discord's Markdown. A plain link stays as it is, because escapes would
// break it.
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

// escapeMentions inserts an invisible U+2060 WORD JOINER after every @, so that Telegram finds no mention.
func escapeMentions(s string) string { return strings.ReplaceAll(s, "@", "@\u2060") }
