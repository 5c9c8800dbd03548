package notifytest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tocsin-dev/tocsin/notify"
)

// said is text of the provider, which no error may repeat.
const said = "T0Csaid5e2d"

// leaks lists failures whose errors often contain secrets.
var leaks = []struct {
	name   string
	answer http.HandlerFunc
}{
	{"status 400", echo(400)},
	{"status 404", echo(404)},
	{"status 429", echo(429)},
	{"status 500", echo(500)},
	{"a connection that breaks off", reset},
	{"an answer that is not HTTP", func(w http.ResponseWriter, r *http.Request) {
		raw(w, said+" "+r.RequestURI+" "+r.Header.Get("Authorization")+"\r\n\r\n", false)
	}},
	{"a redirect to nowhere", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "https://%zz/"+said+r.RequestURI)
		w.WriteHeader(302)
	}},
}

// echo answers with a code and repeats the secrets of the request.
func echo(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Said", said)
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"error":"%s %s %s"}`, said, r.RequestURI, r.Header.Get("Authorization"))
	}
}

func checkSecret(s *subject) (found []error) {
	secrets := []string{secretPath, secretQuery, said}
	judge := func(name string, err error) {
		for _, secret := range secrets {
			for _, verb := range []string{"%v", "%+v", "%#v"} {
				if text := fmt.Sprintf(verb, shown(err)); err != nil && strings.Contains(text, secret) {
					found = append(found, fmt.Errorf("%s: the error contains %s", name, secretName(secret)))
					return
				}
			}
		}
	}
	if asked, err := s.try(accept, page()); err == nil && len(asked) == 1 {
		if _, credential, ok := strings.Cut(asked[0].header.Get("Authorization"), " "); ok && credential != "" {
			secrets = append(secrets, credential)
		}
	}
	for _, l := range leaks {
		_, err := s.try(l.answer, page())
		judge(l.name, err)
	}
	p := newProvider(accept)
	p.close()
	judge("no server", p.send(s, page()))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := s.newNotifier(p.url(), p.client).Notify(ctx, page())
	judge("a context that has ended", err)
	_, err = s.newNotifier(p.server.URL+"/%zz"+secretPath+"?token="+secretQuery, p.client).Notify(context.Background(), page())
	judge("a URL that is malformed", err)
	return found
}

// shown returns an error without the URL of a failed request, which the engine takes out. What else the engine would take out counts as
// shown: it does not know every secret.
func shown(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return notify.Public(err)
	}
	return err
}

// secretName describes a secret without repeating it.
func secretName(secret string) string {
	switch secret {
	case secretPath:
		return "the path of the URL"
	case secretQuery:
		return "the query of the URL"
	case said:
		return "text from the provider"
	}
	return "the credentials of the request"
}
