package tocsin_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFirstPage holds the code of docs/first-page.md to a program that compiles and is tested: the blocks of Go and YAML are its files.
func TestFirstPage(t *testing.T) {
	page, err := os.ReadFile("docs/first-page.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)\n```(go|yaml)\n(.*?)```\n").FindAllSubmatch(page, -1)
	var files []string
	for _, name := range []string{"catalog/catalog.yaml", "main.go", "policy_test.go"} {
		source, err := os.ReadFile("examples/firstpage/" + name)
		require.NoError(t, err)
		_, program, commented := strings.Cut(string(source), "\npackage main\n")
		if files = append(files, string(source)); commented { // the page shows a program without its comment
			files[len(files)-1] = "package main\n" + program
		}
	}
	require.Len(t, blocks, len(files))
	for i, block := range blocks {
		assert.Equal(t, files[i], string(block[2]))
	}
}
