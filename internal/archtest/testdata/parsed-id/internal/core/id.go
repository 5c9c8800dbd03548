package core

import "strings"

func groupOf(id string) string {
	group, _, _ := strings.Cut(id, "#")
	return group
}
