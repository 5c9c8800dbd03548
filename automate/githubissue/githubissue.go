package githubissue

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tocsin-dev/tocsin/automate"
	"github.com/tocsin-dev/tocsin/internal/outbound"
	"github.com/tocsin-dev/tocsin/notify"
)

// Action opens an issue for each invocation. It is safe for concurrent use. Do not change its fields after the first use.
//
// Verify fails if the issue does not stand, and Compensate closes it as not planned. A dry run sends no request.
type Action struct {
	Repo string // OWNER/NAME
	// Token is a token that may read and write issues of the repository.
	Token notify.Secret
	// URL is that of the API. Defaults to https://api.github.com.
	URL string
	// Labels are set on every issue, beside that of the incident.
	Labels []string
	// Require names the arguments without which no issue is opened. Defaults to title, service, owner and priority.
	Require []string
	// Client defaults to a client that connects to public addresses only, ignores the proxy variables of the environment and times out
	// after 10 seconds. Redirects are not followed, with any client.
	Client *http.Client

	sender outbound.Sender
}

var (
	_ automate.Action      = (*Action)(nil)
	_ automate.Prechecker  = (*Action)(nil)
	_ automate.Verifier    = (*Action)(nil)
	_ automate.Compensator = (*Action)(nil)
)

// issue is what the action reads of an issue.
type issue struct {
	Number int    `json:"number"`
	URL    string `json:"html_url"`
	Body   string `json:"body"`
	State  string `json:"state"`
}

// Precheck returns an error that names the required arguments that are empty.
func (a *Action) Precheck(_ context.Context, in automate.Invocation) error {
	required := a.Require
	if required == nil {
		required = []string{"title", "service", "owner", "priority"}
	}
	var missing []string
	for _, name := range required {
		if strings.TrimSpace(in.Args[name]) == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("no ticket is opened without the arguments %s, expected a value for each", strings.Join(missing, ", "))
	}
	return nil
}

// Run opens the issue, unless an earlier try did. The output is its address.
func (a *Action) Run(ctx context.Context, in automate.Invocation) (automate.Result, error) {
	if err := a.Precheck(ctx, in); err != nil {
		return automate.Result{}, notify.Permanent(err)
	}
	if in.DryRun {
		return automate.Result{Output: fmt.Sprintf("would open an issue in %s: %s", a.Repo, in.Args["title"])}, nil
	}
	found, err := a.find(ctx, in)
	if err != nil {
		return automate.Result{}, err
	}
	if found == nil {
		found = new(issue)
		err = a.ask(ctx, in, http.MethodPost, "", map[string]any{
			"title": line(in.Args["title"]), "body": body(in), "labels": append([]string{label(in)}, a.Labels...),
		}, found)
	}
	return automate.Result{Output: found.URL}, err
}

// Verify returns an error if no issue of the invocation stands.
func (a *Action) Verify(ctx context.Context, in automate.Invocation) error {
	found, err := a.find(ctx, in)
	if err == nil && (found == nil || found.State == "closed") {
		err = errors.New("the issue does not stand")
	}
	return err
}

// Compensate closes the issue as not planned.
func (a *Action) Compensate(ctx context.Context, in automate.Invocation) error {
	found, err := a.find(ctx, in)
	if err != nil || found == nil || found.State == "closed" {
		return err
	}
	return a.ask(ctx, in, http.MethodPatch, fmt.Sprintf("/%d", found.Number), map[string]any{"state": "closed", "state_reason": "not_planned"}, nil)
}

// find returns the issue that an earlier call of the step opened, or nil.
func (a *Action) find(ctx context.Context, in automate.Invocation) (*issue, error) {
	var all []issue
	query := url.Values{"labels": {label(in)}, "state": {"all"}, "per_page": {"10"}}
	if err := a.ask(ctx, in, http.MethodGet, "?"+query.Encode(), nil, &all); err != nil {
		return nil, err
	}
	for i := range all {
		if strings.Contains(all[i].Body, mark(in)) {
			return &all[i], nil
		}
	}
	return nil, nil
}

// ask sends a request about the issues of the repository, and decodes the answer.
func (a *Action) ask(ctx context.Context, in automate.Invocation, method, path string, document, into any) error {
	owner, name, _ := strings.Cut(a.Repo, "/")
	request := outbound.Request{
		Method: method, Key: in.Key, TraceParent: in.TraceParent,
		URL:    strings.TrimSuffix(cmp.Or(a.URL, "https://api.github.com"), "/") + "/repos/" + url.PathEscape(owner) + "/" + url.PathEscape(name) + "/issues" + path,
		Header: http.Header{"Accept": {"application/vnd.github+json"}, "X-Github-Api-Version": {"2022-11-28"}, "Authorization": {"Bearer " + a.Token.Reveal()}},
	}
	if document != nil {
		var err error
		if request.Body, err = outbound.JSON(document); err != nil {
			return notify.Permanent(err)
		}
	}
	answer, err := a.sender.Post(ctx, a.Client, request)
	if err != nil {
		return err
	}
	if err := answer.Err(); err != nil {
		return a.explain(answer.Status, err)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return errors.New("the answer of GitHub is not understood")
	}
	return nil
}

// explain says what a status of GitHub means here.
func (a *Action) explain(status int, err error) error {
	switch status {
	case http.StatusNotFound:
		return fmt.Errorf("%w: GitHub has no repository %s, or hides it from this token", err, a.Repo)
	case http.StatusGone:
		return fmt.Errorf("%w: the repository %s has no issues", err, a.Repo)
	}
	return err
}

func label(in automate.Invocation) string { return "incident-" + in.Incident }

// mark is what the calls of a step recognise its issue by: their keys differ by the phase alone.
func mark(in automate.Invocation) string {
	return "<!-- " + outbound.MessageID(strings.TrimSuffix(in.Key, string(in.Phase))) + " -->"
}

// body shows the arguments as text in which nothing is mark-up, and in which no value looks like another one.
func body(in automate.Invocation) string {
	var text strings.Builder
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&text, "%s: %s\n", name, strings.ReplaceAll(value, "\n", "\n  "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.Args)) {
		if name != "title" {
			row(name, in.Args[name])
		}
	}
	row("subject", in.Subject)
	row("incident", in.Incident)
	fence := "```"
	for strings.Contains(text.String(), fence) {
		fence += "`"
	}
	return fence + "text\n" + text.String() + fence + "\n" + mark(in) + "\n"
}

// line is a text on one line, of at most 250 characters. A zero-width space after @ and # keeps it from mentioning people and issues.
func line(text string) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	return strings.NewReplacer("@", "@\u200b", "#", "#\u200b").Replace(string(runes[:min(len(runes), 250)]))
}
