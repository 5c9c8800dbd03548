package redact

import "strings"

// knownForms are the tokens that are known by how they begin.
var knownForms = [...]struct {
	prefix string
	at     int    // index in prefix of its rarest byte, at which the look at a text stops
	rest   string // what may follow beside letters and digits
	least  int    // how many bytes follow at least
}{
	{"AKIA", 0, "", 12},
	{"ASIA", 0, "", 12},
	{"AIza", 0, "_-", 30},
	{"eyJ", 2, "_-.", 20}, // a JSON web token
	{"ghp_", 3, "", 16},
	{"gho_", 3, "", 16},
	{"ghu_", 3, "", 16},
	{"ghs_", 3, "", 16},
	{"ghr_", 3, "", 16},
	{"github_pat_", 6, "_", 16},
	{"glpat-", 5, "_-", 16},
	{"xoxa-", 4, "-", 8},
	{"xoxb-", 4, "-", 8},
	{"xoxe-", 4, "-", 8},
	{"xoxo-", 4, "-", 8},
	{"xoxp-", 4, "-", 8},
	{"xoxr-", 4, "-", 8},
	{"xoxs-", 4, "-", 8},
	{"xapp-", 4, "-", 8},
	{"sk_live_", 2, "", 8},
	{"sk_test_", 2, "", 8},
	{"rk_live_", 2, "", 8},
	{"sk-ant-", 2, "_-", 16},
	{"sk-proj-", 2, "_-", 16},
	{"whsec_", 5, "+/=", 8},
	{"SG.", 0, "_-.", 20},
	{"npm_", 3, "", 30},
	{"pypi-", 4, "_-", 30},
	{"tcn_", 3, "_-", 32}, // a link to acknowledge or to share, see internal/acklink
	{"dop_v1_", 3, "", 30},
	{"hvs.", 1, "_-", 16},
	{"hooks.slack.com/services/", 3, "/", 16},
}

const leastForm = 8 // bytes after the rarest one

// formsBy has the indexes of the known forms by their rarest bytes.
var formsBy = func() (by [256][]int) {
	for i, k := range knownForms {
		by[k.prefix[k.at]] = append(by[k.prefix[k.at]], i)
	}
	return by
}()

// form looks at a byte of a known form.
func (f *finder) form(i int) int {
	if len(f.s)-i < leastForm {
		return i
	}
	for _, n := range formsBy[f.s[i]] {
		k := &knownForms[n]
		from := i - k.at
		if from < 0 || f.s[from] != k.prefix[0] || !strings.HasPrefix(f.s[from:], k.prefix) || !f.first(from) {
			continue
		}
		to := from + len(k.prefix)
		for to < len(f.s) && f.s[to] != other && (isWord(f.s[to]) || strings.IndexByte(k.rest, f.s[to]) >= 0) {
			to++
		}
		switch {
		case to-from-len(k.prefix) < k.least, k.prefix == "eyJ" && !strings.Contains(f.s[from:to-1], "."):
			return i
		case strings.HasSuffix(k.prefix, "/"):
			from += len(k.prefix)
		}
		return f.conceal(from, to)
	}
	return i
}

// first reports whether the byte at i begins a word.
func (f *finder) first(i int) bool { return i == 0 || !isWord(f.s[i-1]) && f.s[i-1] != '_' }

// scheme looks at B, which may begin Bearer or Basic before credentials.
func (f *finder) scheme(i int) int {
	const bearer, basic = "bearer ", "basic "
	switch word := f.s[i:min(i+len(bearer), len(f.s))]; {
	case len(word) < len(basic) || !f.first(i):
	case strings.EqualFold(word, bearer):
		if from, to := f.extent(i+len(bearer), 0); !plainWord(f.s[from:to]) {
			return f.conceal(from, to)
		}
	case strings.EqualFold(word[:len(basic)], basic):
		from := i + len(basic)
		code := f.s[from:]
		if end := strings.IndexFunc(code, func(r rune) bool { return !isBase64(r) }); end >= 0 {
			code = code[:end]
		}
		if len(code) >= 8 && len(code)%4 == 0 && !plainWord(code) {
			return f.conceal(from, from+len(code))
		}
	}
	return i
}

func isBase64(r rune) bool {
	return r < 0x80 && (isWord(byte(r)) || strings.ContainsRune("+/=_-", r))
}

// plainWord reports whether a text is a word of a sentence, as in "bearer of news".
func plainWord(s string) bool {
	return len(s) < 16 && strings.Trim(s[min(1, len(s)):], "abcdefghijklmnopqrstuvwxyz") == ""
}

// userinfo looks at the part of a URL after its scheme.
func (f *finder) userinfo(i int) int {
	end := i + f.until(i, "/?# \t\n\r\"'`<>")
	if at := strings.LastIndexByte(f.s[i:end], '@'); at >= 0 {
		return f.conceal(i, i+at)
	}
	return i
}

// dash looks at a dash, which may begin a private key, or a flag of a command such as --password x.
func (f *finder) dash(i int) int {
	if strings.HasPrefix(f.s[i:], beginKey) {
		return f.privateKey(i + len(beginKey))
	}
	if !strings.HasPrefix(f.s[i:], "--") || i > 0 && f.s[i-1] == '-' {
		return i
	}
	name := i + len("--")
	stop := name
	for stop < len(f.s) && stop-name < longestName && (isWord(f.s[stop]) || strings.IndexByte("_-.", f.s[stop]) >= 0) {
		stop++
	}
	if stop == len(f.s) || f.s[stop] != ' ' || kindOf(f.s[name:stop]) == open {
		return i
	}
	if from, to := f.extent(stop, 0); !strings.HasPrefix(f.s[from:to], "-") {
		return f.conceal(from, to)
	}
	return i
}

const beginKey = "-----BEGIN "

// privateKey conceals what stands between the first and the last line of a private key. Line breaks may be written as \n.
func (f *finder) privateKey(i int) int {
	head := f.s[i:min(i+longestName, len(f.s))]
	mark := strings.Index(head, "-----")
	if mark < 0 || !strings.Contains(head[:mark], "PRIVATE KEY") {
		return i
	}
	from, to := i+mark+len("-----"), len(f.s)
	if n := strings.Index(f.s[from:], "-----END"); n >= 0 {
		to = from + n
	}
	for from < to && (strings.HasPrefix(f.s[from:to], `\n`) || strings.HasPrefix(f.s[from:to], `\r`)) {
		from += len(`\n`)
	}
	body := strings.TrimLeft(f.s[from:to], " \t\n\r")
	return f.conceal(to-len(body), to-len(body)+len(strings.TrimRight(body, " \t\n\r\\nr")))
}

// element looks at the end of a tag of XML: <password>x</password>.
func (f *finder) element(i int) int {
	start := f.wordBefore(i)
	if start == 0 || f.s[start-1] != '<' || kindOf(f.s[start:i]) == open {
		return i
	}
	return f.conceal(i+1, i+1+f.until(i+1, "<\n\r"))
}
