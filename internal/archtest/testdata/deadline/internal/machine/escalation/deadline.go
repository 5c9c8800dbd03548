package escalation

import (
	"context"
	"time"
)

// hurry hides a timer in a context.
func hurry(ctx context.Context) {
	_, cancel := context.WithTimeout(ctx, time.Second)
	cancel()
}
