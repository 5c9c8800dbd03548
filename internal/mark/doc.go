// Package mark tells tocsin's own work from its users'. A log record or an event made under a marked context is about
// tocsin itself and must not become an event again, or one failure would feed itself.
package mark
