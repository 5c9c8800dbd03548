package status_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// curl is a command of the page, as a request.
type curl struct {
	path, body string
	headers    []string
	want       string // status
}

// readCurl reads a command that has the options that the page uses.
func readCurl(t *testing.T, line string) (c curl) {
	t.Helper()
	line, c.want, _ = strings.Cut(line, " # ")
	var words []string
	for i, part := range strings.FieldsFunc(line, func(r rune) bool { return r == '\'' || r == '"' && !strings.Contains(line, "'") }) {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(strings.ReplaceAll(part, `"`, ""))...)
	}
	for i := 1; i < len(words); i++ {
		switch words[i] {
		case "-u":
			i++
			c.headers = append(c.headers, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(words[i])))
		case "-H":
			i++
			name, value, _ := strings.Cut(words[i], ": ")
			c.headers = append(c.headers, name, value)
		case "-d":
			i++
			c.body = words[i]
			c.headers = append([]string{"Content-Type", "application/x-www-form-urlencoded"}, c.headers...) // as curl does
		default:
			path, ok := strings.CutPrefix(words[i], "$API")
			require.True(t, ok, "%s in %s", words[i], line)
			c.path = path
		}
	}
	return c
}

// TestAPIPage sends the requests of docs/api.md, one after the other, and compares the status of each answer. The page names every route
// and every problem.
func TestAPIPage(t *testing.T) {
	text, err := os.ReadFile("../docs/api.md")
	require.NoError(t, err)
	page, sent := string(text), 0
	inBubble(t, func(t *testing.T, h *apiHouse) {
		for line := range strings.Lines(page) {
			if !strings.HasPrefix(line, "curl") {
				continue
			}
			c := readCurl(t, strings.TrimSpace(line))
			method := map[bool]string{true: http.MethodPost, false: http.MethodGet}[c.body != ""]
			_, user, _ := strings.Cut(line, " -u ")
			user, _, _ = strings.Cut(user, ":secret")
			viewer := map[string]string{"ana": "owner", "ben": "person", "cho": "approver"}[user]
			w := h.ask(viewer, method, c.path, c.body, c.headers...)
			assert.Equal(t, strings.TrimSpace(c.want), fmt.Sprint(w.Code), "%s\n%s", line, w.Body)
			sent++
		}
	})
	assert.Equal(t, 40, sent)
	for path, operations := range openAPIFile(t).Paths {
		parts := strings.Split(path, "/")
		assert.Contains(t, page, "/"+parts[len(parts)-1], path)
		for _, op := range operations {
			for code := range op.Responses {
				assert.Contains(t, page, code, path)
			}
		}
	}
}
