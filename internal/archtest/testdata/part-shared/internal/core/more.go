package core

// phases and roles share a file.
type (
	phases struct{ alerts }
	roles  struct{ groups }
)
