// Package respond holds the commands that people and APIs give about incidents. Do of the engine carries them out. A command that
// does not apply is refused with a [*RefusedError], which describes the state of the incident.
//
// [May] says who may give which command. DoAs of the engine asks it for whoever came in through a door.
package respond
