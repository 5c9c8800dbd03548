// Package respond holds the commands: everything that a person or an API does to an incident. The engine takes them in its method
// Do. A command that cannot be applied is refused with a [*RefusedError], which says how the incident stands.
package respond
