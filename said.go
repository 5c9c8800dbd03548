package tocsin

import (
	"reflect"
	"slices"

	"github.com/tocsin-dev/tocsin/internal/redact"
	"github.com/tocsin-dev/tocsin/respond"
)

// withoutSecrets returns a command without secrets in what the person wrote: in the fields with the erase tag "said", which are texts or
// lists of texts.
func withoutSecrets(c respond.Command) respond.Command {
	if v := reflect.ValueOf(c); v.Kind() == reflect.Struct {
		safe := reflect.New(v.Type()).Elem()
		safe.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("erase") != "said" {
				continue
			}
			if list, many := safe.Field(i).Interface().([]string); many {
				list = slices.Clone(list)
				for k := range list {
					list[k] = redact.Plain.Text(list[k])
				}
				safe.Field(i).Set(reflect.ValueOf(list))
				continue
			}
			safe.Field(i).SetString(redact.Plain.Text(safe.Field(i).String()))
		}
		c = safe.Interface().(respond.Command)
	}
	return c
}
