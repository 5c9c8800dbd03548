package outbox

import (
	"context"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/notify"
)

// call calls an action once. The call may run until the task expires: the owner of the outbox prolongs its lease (see
// Calls). Its result is final unless its error names a delay (notify.RetryAfter). People decide whether to repeat a
// failed action.
func (o *Outbox) call(ctx context.Context, c *channel, out *Outcome, report func(error)) {
	ctx, cancel := context.WithDeadline(ctx, out.Task.Expires)
	defer cancel()
	o.mu.Lock()
	o.calls[out.Claim] = cancel
	o.mu.Unlock()
	late := context.AfterFunc(ctx, func() { o.learn(report, verdict(ctx, ctx.Err())) })
	out.Result, out.Err = c.act(ctx, out.Invocation)
	said := verdict(ctx, out.Err)
	if late() {
		o.learn(report, said)
	}
	o.mu.Lock()
	delete(o.calls, out.Claim)
	o.mu.Unlock()
	if out.Withdrawn = said == errWithdrawn; !out.Withdrawn {
		out.TryAgain(time.Now(), 0)
	}
}

func (c *channel) act(ctx context.Context, in automate.Invocation) (result automate.Result, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = notify.Permanent(&PanicError{Value: v})
		}
	}()
	result, err = automate.Call(ctx, c.action, in)
	return result, notify.Public(err)
}
