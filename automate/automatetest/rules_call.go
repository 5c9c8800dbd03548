package automatetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-dev/tocsin/automate"
)

func checkConcurrent(s *subject) []error {
	return s.with(func(h *Harness) error {
		const callers = 8
		errs := make([]error, callers)
		var group sync.WaitGroup
		for i := range callers {
			group.Go(func() {
				in := h.invocation(automate.PhaseRun)
				in.Key, in.Subject = fmt.Sprintf("INC-%d/run/suite/1/1/run", i), fmt.Sprintf("concurrent%dx", i)
				_, errs[i] = h.call(in)
			})
		}
		group.Wait()
		for i, err := range errs {
			if err != nil {
				return fmt.Errorf("caller %d of %d got %q, expected nil", i+1, callers, err)
			}
			if subject := fmt.Sprintf("concurrent%dx", i); h.times(subject) != 1 {
				return fmt.Errorf("the system got the subject of caller %d of %d %d times, expected once", i+1, callers, h.times(subject))
			}
		}
		return h.stands(callers, fmt.Sprintf("%d callers", callers))
	})
}

// times counts the requests with the subject.
func (h *Harness) times(subject string) int {
	n := 0
	for _, values := range h.Asked() {
		if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, subject) }) {
			n++
		}
	}
	return n
}

// checkContext ends the context after the system has got the request, and before it answers.
func checkContext(s *subject) []error {
	return s.with(func(h *Harness) error {
		reached := h.Hang()
		ctx, cancel := context.WithCancel(context.Background())
		returned := make(chan error, 1)
		go func() {
			_, err := automate.Call(ctx, h.Action, h.invocation(automate.PhaseRun))
			returned <- err
		}()
		var early error
		select {
		case <-reached:
		case <-returned:
			early = errors.New("Run returned before the system had answered")
			returned <- nil
		case <-time.After(patience):
			early = errors.New("the system got no request")
		}
		cancel()
		select {
		case err := <-returned:
			if early == nil && err == nil {
				return errors.New("Run returned nil after its context had ended, expected an error: the result is unknown")
			}
			return early
		case <-time.After(patience):
			h.close() // ends the call that ignored its context
			h.Close = nil
			<-returned
			return fmt.Errorf("Run had not returned %s after its context ended", patience)
		}
	})
}

func checkKey(s *subject) []error {
	return s.with(func(h *Harness) error {
		first, err := h.run()
		if err != nil {
			return nil // for rule 3
		}
		in := h.invocation(automate.PhaseRun)
		in.Attempt, in.At = 2, in.At.Add(time.Minute)
		again, err := h.call(in)
		switch {
		case err != nil:
			return fmt.Errorf("a repeat got %q, expected the result of the first call", err)
		case again != first:
			return fmt.Errorf("a repeat got %+v, expected the result of the first call: %+v", again, first)
		}
		return h.stands(1, "a call and its repeat")
	}, func(h *Harness) error {
		other := h.invocation(automate.PhaseRun)
		other.Key, other.Subject = "INC-8/run/suite/1/1/run", "another-"+other.Subject
		_, first := h.run()
		_, second := h.call(other)
		if first != nil || second != nil {
			return nil // for rule 3
		}
		return h.stands(2, "two calls with different keys")
	})
}

func checkTexts(s *subject) []error {
	asked := func(change func(*automate.Invocation)) (values []string, err error) {
		s.with(func(h *Harness) error {
			in := h.invocation(automate.PhaseRun)
			change(&in)
			_, err = h.call(in)
			values = slices.Concat(h.Asked()...)
			return nil
		})
		return values, err
	}
	before, err := asked(func(*automate.Invocation) {})
	if err != nil {
		return nil // for rule 3
	}
	const hostile = `a b'c"; reboot & $(reboot) ` + "`reboot`" + ` | x > /dev/null {key} --force ../../x%2e","evil":"1` + "\r\nEvil: 1\n"
	var found []error
	for _, dash := range []string{"", "--"} {
		text := dash + hostile
		var plain string
		after, err := asked(func(in *automate.Invocation) { plain, in.Subject = in.Subject, text })
		if err != nil && len(after) == 0 {
			continue // refusing the text keeps the rule
		}
		want := slices.Clone(before)
		for i, v := range want {
			want[i] = strings.ReplaceAll(v, plain, text)
		}
		if !slices.Equal(want, after) {
			found = append(found, fmt.Errorf("with the subject %q the system got %q, expected %q", text, after, want))
		}
	}
	return found
}

func checkCaller(s *subject) []error {
	return s.with(func(h *Harness) error {
		in := h.invocation(automate.PhaseRun)
		if in.Args == nil {
			in.Args = map[string]string{}
		}
		in.Args["suite"] = "1"
		before := maps.Clone(in.Args)
		h.call(in)
		if !maps.Equal(before, in.Args) {
			return fmt.Errorf("the call changed Args from %v to %v", before, in.Args)
		}
		return nil
	})
}
