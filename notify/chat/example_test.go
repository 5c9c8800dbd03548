package chat_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/tocsin-dev/tocsin/notify"
	"github.com/tocsin-dev/tocsin/notify/chat"
	"github.com/tocsin-dev/tocsin/severity"
)

// Mark-up in an event is escaped: <!channel> notifies nobody.
func ExampleSlack() {
	slack := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(printer{}, r.Body)
	}))
	defer slack.Close()

	n := chat.Slack(slack.URL)
	n.Client = slack.Client() // the default client reaches public addresses only
	_, err := n.Notify(context.Background(), notify.Message{
		Key: "INC-7/1/1", Kind: notify.Page, To: "@ana", Title: "P1 payout <!channel> waits", Why: "impact high",
		Incident: "INC-7", Priority: severity.P1,
	})
	fmt.Println("error:", err)
	// Output:
	// {"link_names":false,"mrkdwn":false,"parse":"none","text":"P1 payout &lt;!channel&gt; waits\nfor @ana\nimpact high","unfurl_links":false,"unfurl_media":false}
	// error: <nil>
}

type printer struct{}

func (printer) Write(p []byte) (int, error) { return fmt.Println(string(p)) }
