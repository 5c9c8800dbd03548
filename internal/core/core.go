package core

// Core is the list of parts, record kinds and commands that decide. It never changes, and may be used concurrently.
type Core struct {
	parts    []part
	kinds    []kind
	commands []command
}

// New returns the core with everything that tocsin has.
func New() *Core {
	return &Core{
		// Parts hear facts in this order. Of what is due at one instant the first part acts first, but alerts last.
		parts: []part{
			alerts{},
			groups{},
			changes{},
			subjects{},
			phases{},
			priority{},
			delivery{},
			escalations{},
			runs{},
			updates{},
			roles{},
			todos{},
			decisions{},
			privacy{},
			objectives{},
		},
		kinds:    kinds(),
		commands: commands(),
	}
}
