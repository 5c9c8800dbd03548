package event

// Fires says when the alert of a trigger fires. The zero Fires is FiresByClass.
type Fires string

// The values of [Event.Fires].
const (
	// FiresByClass: after For or Count of the class.
	FiresByClass Fires = ""
	// FiresAtOnce: now, whatever For and Count of the class say. A job reported that it failed.
	FiresAtOnce Fires = "at-once"
	// FiresUnlessEnded: when For of the class has passed without a resolve. Until then nothing is wrong: the trigger only starts the
	// wait, opens and reopens nothing, and does not count as a trigger. A heartbeat waits for the next beat. Without a For the
	// trigger has no effect but a finding. A resolve with it ends such a wait, and is not recorded where there is none.
	FiresUnlessEnded Fires = "unless-ended"
)

// Valid reports whether f is one of the named values.
func (f Fires) Valid() bool { return f == FiresByClass || f == FiresAtOnce || f == FiresUnlessEnded }
