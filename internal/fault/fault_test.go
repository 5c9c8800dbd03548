package fault_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/internal/fault"
)

func TestAFaultKeepsItsPathAndItsCause(t *testing.T) {
	cause := errors.New("the cause")
	var level, policy fault.List
	level.Add(fault.Path{"page", 0}, "target: %w", cause)
	policy.Add(fault.Path{"repeat"}, "repeat 12")
	path := append(make(fault.Path, 0, 9), "levels", 1) // with room, which the faults must not share
	policy.In(path, "level 2", level)
	policy.In(path, "level 2", fault.List{{Path: fault.Path{"wait"}, Where: "its end", Err: cause}})

	err := errors.Join(nil, policy.Err(), cause)
	assert.EqualError(t, err, "repeat 12\nlevel 2: target: the cause\nlevel 2: its end: the cause\nthe cause")
	var paths []fault.Path
	for _, f := range fault.Of(err) {
		paths = append(paths, f.Path)
	}
	assert.Equal(t, []fault.Path{{"repeat"}, {"levels", 1, "page", 0}, {"levels", 1, "wait"}, nil}, paths)
	assert.ErrorIs(t, fault.Of(err)[1], cause)
	assert.NoError(t, fault.List(nil).Err())
	assert.Empty(t, fault.Of(nil))
}
