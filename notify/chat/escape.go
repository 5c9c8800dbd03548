package chat

import (
	"net/url"
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

// linkSlack makes a link that shows its URL. A vertical bar in it would begin a label.
func linkSlack(link string) string {
	return "<" + escapeSlack(strings.ReplaceAll(link, "|", "%7C")) + ">"
}

// linkMarkdown makes a link in whose URL Discord reads no Markdown, so that it needs no escapes.
func linkMarkdown(link string) string { return "<" + strings.ReplaceAll(link, `\`, "%5C") + ">" }

// escapeMarkdown escapes the control characters of Discord's Markdown in words, and makes links of URLs.
func escapeMarkdown(s string) string {
	return eachWord(s, func(word string) string {
		link := linkIn(word)
		var b strings.Builder
		if link != "" {
			b.WriteString(linkMarkdown(link))
		}
		for _, r := range word[len(link):] {
			if strings.ContainsRune("\\`*_~|<>[]()#-+.:@", r) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
		return b.String()
	})
}

// escapeMentions inserts an invisible U+2060 WORD JOINER after every @ outside of links, so that Telegram finds no mention.
func escapeMentions(s string) string {
	return eachWord(s, func(word string) string {
		link := linkIn(word)
		return link + strings.ReplaceAll(word[len(link):], "@", "@\u2060")
	})
}

// eachWord replaces the words of a text and keeps the white space between them.
func eachWord(s string, replace func(word string) string) string {
	var b strings.Builder
	for len(s) > 0 {
		start := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsSpace(r) })
		if start < 0 {
			start = len(s)
		}
		b.WriteString(s[:start])
		end := strings.IndexFunc(s[start:], unicode.IsSpace)
		if end < 0 {
			end = len(s) - start
		}
		b.WriteString(replace(s[start : start+end]))
		s = s[start+end:]
	}
	return b.String()
}

// linkIn returns the URL at the beginning of a word, without the punctuation of the sentence around it. A URL with a user before its
// host is none: an @ there is a mention.
func linkIn(word string) string {
	if !strings.HasPrefix(word, "https://") && !strings.HasPrefix(word, "http://") || strings.ContainsAny(word, "<>\"|\\`") {
		return ""
	}
	link := strings.TrimRight(word, ".,;:!?'")
	for strings.HasSuffix(link, ")") && strings.Count(link, "(") < strings.Count(link, ")") {
		link = strings.TrimRight(link[:len(link)-1], ".,;:!?'")
	}
	if u, err := url.Parse(link); err != nil || u.Host == "" || u.User != nil {
		return ""
	}
	return link
}
