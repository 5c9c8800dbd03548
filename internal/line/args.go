package line

import "github.com/tocsin-dev/tocsin/internal/redact"

// Args returns the arguments of a log record with each text and each error on one line and without secrets. It may change args.
func Args(args []any) []any {
	for i, arg := range args {
		switch arg := arg.(type) {
		case string:
			args[i] = Of(redact.Plain.Text(arg))
		case error:
			text := arg.Error()
			if shown := Of(redact.Plain.Text(text)); shown != text {
				args[i] = shown
			}
		}
	}
	return args
}
