package route

// kleene is what a condition is for an event. The order is that of the logic: && is the minimum, || the maximum.
type kleene uint8

const (
	isFalse kleene = iota
	isErr
	isTrue
)

func (k kleene) not() kleene { return isTrue - k }

func truth(b bool) kleene {
	if b {
		return isTrue
	}
	return isFalse
}
