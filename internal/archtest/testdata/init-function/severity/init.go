package severity

var names []string

// init does something that nobody asked for.
func init() {
	names = append(names, Error, Critical)
}
