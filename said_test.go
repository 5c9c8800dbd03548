package tocsin

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/tocsin-dev/tocsin/internal/core"
	"github.com/tocsin-dev/tocsin/respond"
)

// TestNoCommandKeepsASecret fills every text that a person writes in a command with a secret.
func TestNoCommandKeepsASecret(t *testing.T) {
	const secret = "password=hunter2hunter2"
	texts := 0
	for _, c := range core.New().Commands() {
		v := reflect.New(reflect.TypeOf(c)).Elem()
		for i := range v.NumField() {
			if v.Type().Field(i).Tag.Get("erase") != "said" {
				continue
			}
			texts++
			if v.Field(i).Kind() == reflect.Slice {
				v.Field(i).Set(reflect.ValueOf([]string{"a", secret}))
			} else {
				v.Field(i).SetString(secret)
			}
		}
		given := v.Interface().(respond.Command)
		kept := reflect.ValueOf(withoutSecrets(given))
		for i := range kept.NumField() {
			assert.NotContains(t, kept.Field(i).String(), "hunter2", "%T", c)
			if list, many := kept.Field(i).Interface().([]string); many {
				assert.NotContains(t, list[1], "hunter2", "%T", c)
				assert.Contains(t, v.Field(i).Interface().([]string)[1], "hunter2", "the caller's list stays as it is")
			}
		}
	}
	assert.Greater(t, texts, 10)
}
