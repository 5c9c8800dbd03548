package comms

import "slices"

// The channels of subscribers. An audience whose channel is subscribers:NAME is the list NAME, to which people and machines subscribe.
const (
	Subscribers     = "subscribers"         // of the audience, and over which mails to subscribers leave
	SubscriberHooks = "subscribers-webhook" // over which webhooks of subscribers are called
)

// Topic is what updates are about.
type Topic string

// The topics.
const (
	Incidents Topic = "incidents"
	Planned   Topic = "work" // planned work
)

// Topics returns the topics.
func Topics() []Topic { return []Topic{Incidents, Planned} }

// Filter says of what a subscriber wants to hear. An empty list wants all.
type Filter struct {
	Services []string `json:"services,omitempty" erase:"keep"` // names that customers know
	Regions  []string `json:"regions,omitempty" erase:"keep"`  // values of the label region
	Topics   []Topic  `json:"topics,omitempty" erase:"keep"`
}

// Takes reports whether an update passes the filter. What is not known of it is empty, and passes: nobody misses an update because an event
// had no label.
func (f *Filter) Takes(service string, regions []string, topic Topic) bool {
	among := func(r string) bool { return slices.Contains(f.Regions, r) }
	return (len(f.Services) == 0 || service == "" || slices.Contains(f.Services, service)) &&
		(len(f.Regions) == 0 || len(regions) == 0 || slices.ContainsFunc(regions, among)) &&
		(len(f.Topics) == 0 || slices.Contains(f.Topics, topic))
}
