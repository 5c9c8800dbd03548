// Package respond holds the commands that people and APIs give about incidents. Do of the engine carries them out. A command that
// does not apply is refused with a [*RefusedError], which describes the state of the incident.
package respond
