package incident

// Word says in a few letters what an entry of a timeline tells. The set is closed; each word stands in one table with its kind and
// with what telemetry counts it as.
type Word string

// The words of incidents. Of a message the word is its kind.
const (
	WordOpened           Word = "opened"
	WordJoined           Word = "joined"
	WordFiresAgain       Word = "fires again"
	WordRepeated         Word = "repeated"
	WordAlertResolved    Word = "alert resolved"
	WordMonitoring       Word = "monitoring"
	WordRelapsed         Word = "relapsed"
	WordReopened         Word = "reopened"
	WordIncidentResolved Word = "incident resolved"
	WordPriority         Word = "priority"
	WordLevel            Word = "level" // Of is its number
	WordEscalated        Word = "escalated"
	WordAlarmsAgain      Word = "alarms again"
	WordExhausted        Word = "exhausted"
	WordInformed         Word = "informed"
	WordAcknowledged     Word = "acknowledged"
	WordUnacknowledged   Word = "unacknowledged"
	WordNotApplied       Word = "not applied"
	WordPage             Word = "page"
	WordNotice           Word = "notice"
	WordReminder         Word = "reminder"
	WordAllClear         Word = "all-clear"
	WordRetry            Word = "retry"
	WordWithdrawn        Word = "withdrawn"
	WordResent           Word = "resent"
	WordRunbook          Word = "runbook" // Of is its name
	WordChanged          Word = "changed"
	WordBroken           Word = "broken" // Of is the schedule, strategy or template
)

// The words of alerts, beside [WordOpened] and [WordReopened].
const (
	WordPending  Word = "pending"
	WordResolved Word = "resolved"
	WordLate     Word = "late"
	WordOrphan   Word = "orphan"
	WordClock    Word = "clock"
)

// row says what a word means to those who sort, count and print entries.
type row struct {
	kind EntryKind
	// counts is the step in the life of an incident that telemetry counts and traces; empty: none.
	counts string
	// absorbs says that the incident took in an event that did not open it.
	absorbs bool
	// quotes introduces the words of a person.
	quotes string
}

// words is the one table of words.
var words = map[Word]row{
	WordOpened:           {kind: KindState, counts: "open"},
	WordJoined:           {kind: KindState, absorbs: true},
	WordFiresAgain:       {kind: KindState, absorbs: true},
	WordRepeated:         {kind: KindState, absorbs: true},
	WordAlertResolved:    {kind: KindState},
	WordMonitoring:       {kind: KindState, counts: "monitor"},
	WordRelapsed:         {kind: KindState, counts: "relapse"},
	WordReopened:         {kind: KindState, counts: "reopen"},
	WordIncidentResolved: {kind: KindState, counts: "resolve", quotes: "override: "},
	WordPriority:         {kind: KindState, counts: "reprioritise", quotes: "because: "},
	WordLevel:            {kind: KindState, counts: "escalate"},
	WordEscalated:        {kind: KindState},
	WordAlarmsAgain:      {kind: KindState, counts: "alarm"},
	WordExhausted:        {kind: KindState, counts: "exhaust"},
	WordInformed:         {kind: KindState, counts: "inform"},
	WordAcknowledged:     {kind: KindAck, counts: "acknowledge", quotes: "via "},
	WordUnacknowledged:   {kind: KindAck, counts: "unacknowledge"},
	WordNotApplied:       {kind: KindNote},
	WordPage:             {kind: KindPage},
	WordNotice:           {kind: KindPage},
	WordReminder:         {kind: KindPage},
	WordAllClear:         {kind: KindPage},
	WordRetry:            {kind: KindNote},
	WordWithdrawn:        {kind: KindNote},
	WordResent:           {kind: KindNote},
	WordRunbook:          {kind: KindAction},
	WordChanged:          {kind: KindNote},
	WordBroken:           {kind: KindNote},
	WordPending:          {kind: KindState},
	WordResolved:         {kind: KindState},
	WordLate:             {kind: KindNote},
	WordOrphan:           {kind: KindNote},
	WordClock:            {kind: KindNote},
}

// Kind returns how entries with the word are sorted. A word that is not in the table is that of a newer version: a note.
func (w Word) Kind() EntryKind {
	if r, ok := words[w]; ok {
		return r.kind
	}
	return KindNote
}

// Counts returns the step in the life of an incident that telemetry counts the word as, such as resolve; empty: none.
func (w Word) Counts() string { return words[w].counts }

// Absorbs reports whether the incident took in an event that did not open it.
func (w Word) Absorbs() bool { return words[w].absorbs }

// Quote writes what a person said, introduced as entries with the word have it; empty where nothing was said.
func (w Word) Quote(s Said) string {
	if s.Text == "" {
		return ""
	}
	return words[w].quotes + s.Text
}
