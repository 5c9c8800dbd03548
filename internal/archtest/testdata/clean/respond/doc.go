// Package respond holds the commands. Commands are not counted among the exported types.
package respond

// Head is what every command has.
type Head struct {
	Incident string // the incident it is about
}

// Command is what a person does.
type Command interface{ Head() Head }

// Acknowledge takes an incident.
type Acknowledge struct {
	Incident string // the incident
}

// Head returns what every command has.
func (c Acknowledge) Head() Head { return Head{c.Incident} }

// Resolve ends an incident.
type Resolve struct {
	Incident string // the incident
}

// Head returns what every command has.
func (c *Resolve) Head() Head { return Head{c.Incident} }
