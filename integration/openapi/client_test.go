package openapi

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	_ "github.com/oapi-codegen/runtime" // of the generated client
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin"
	"github.com/tocsin-dev/tocsin/event"
	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/respond"
	"github.com/tocsin-dev/tocsin/severity"
	"github.com/tocsin-dev/tocsin/status"
)

const file = "../../status/openapi.json"

// serve serves the API of an engine with one incident.
func serve(t *testing.T) string {
	t.Helper()
	bell, err := tocsin.New(&tocsin.Config{Logger: slog.New(slog.DiscardHandler), Notifier: notify.NotifierFunc(
		func(context.Context, notify.Message) (notify.Receipt, error) { return notify.Receipt{}, nil },
	), Classes: []event.Class{{Name: "checkout", Severity: severity.Critical}}})
	require.NoError(t, err)
	require.NoError(t, bell.Submit(t.Context(), event.Event{Type: "checkout", Summary: "Checkout is down"}))
	server := httptest.NewServer(http.StripPrefix("/api/v1", status.API(bell, &status.Config{Who: func(r *http.Request) (respond.Viewer, bool) {
		v := respond.Viewer{Person: "ana"}
		return v, r.Header.Get("X-Viewer") == "ana"
	}})))
	t.Cleanup(server.Close)
	return server.URL + "/api/v1"
}

// TestValid: the file is one of OpenAPI, and its examples fit its schemas, by the rules of another program.
func TestValid(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context(), openapi3.EnableExamplesValidation()))
	assert.Len(t, doc.Paths.Map(), 55)
}

// TestGeneratedClient generates a client from the file, compiles it and lets it use a server: it lists, acknowledges, and is refused.
func TestGeneratedClient(t *testing.T) {
	dir := t.TempDir()
	client := filepath.Join(dir, "client.go")
	run := func(cmd *exec.Cmd) {
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	here, err := filepath.Abs(".")
	require.NoError(t, err)
	generate := exec.CommandContext(t.Context(), "go", "tool", "oapi-codegen", "-generate", "types,client", "-package", "main", "-o", client,
		filepath.Join(here, file))
	generate.Dir, generate.Env = filepath.Join("..", "..", "tools"), append(os.Environ(), "GOWORK=off") // the module that has the tool
	run(generate)
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{ // as if both were in this module
		filepath.Join(here, "client", "client.go"): client,
		filepath.Join(here, "client", "use.go"):    filepath.Join(here, "testdata", "use.go.txt"),
	}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))
	program := filepath.Join(dir, "use")
	run(exec.CommandContext(t.Context(), "go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, "./client"))
	out, err := exec.CommandContext(t.Context(), program, serve(t)).CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, "Checkout is down held [ana]\n409 urn:tocsin:problem:refused held\n", string(out))
}
