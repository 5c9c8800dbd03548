package tocsin

import "fmt"

func level(line string) (n int) {
	_, _ = fmt.Sscanf(line, "level %d", &n)
	return n
}
