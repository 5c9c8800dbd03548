package core

import "time"

// phases is a third part. It hears through a type that it embeds, and reaches into another part.
type phases struct{ deaf }

func (*phases) act(_ *turn, u *unit, _ time.Time) bool { return u.alerts.fold() > 0 }
