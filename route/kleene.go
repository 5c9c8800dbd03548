package route

// kleene is the value of a condition in three-valued logic: false < error < true. && is the minimum, || the maximum.
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
