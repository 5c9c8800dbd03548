package status

// Config configures the handlers of this package. nil is a Config without fields.
type Config struct{}
