package respond

// These are 8 types; with Head, Command and Refuse it makes 11.
type (
	// ReasonA is one.
	ReasonA struct{}
	// ReasonB is one.
	ReasonB struct{}
	// ReasonC is one.
	ReasonC struct{}
	// ReasonD is one.
	ReasonD struct{}
	// ReasonE is one.
	ReasonE struct{}
	// ReasonF is one.
	ReasonF struct{}
	// ReasonG is one.
	ReasonG struct{}
	// ReasonH is one.
	ReasonH struct{}
)

// Refuse is a function.
func Refuse() {}

// Methods, constants and variables are not counted.
func (ReasonA) Error() string { return Word }

// Word is a constant.
const Word = "refused"
