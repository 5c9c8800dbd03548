package mark

import "context"

type key struct{}

// Own returns a copy of ctx that carries the mark.
func Own(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, true) }

// Is reports whether ctx carries the mark.
func Is(ctx context.Context) bool { return ctx.Value(key{}) != nil }
