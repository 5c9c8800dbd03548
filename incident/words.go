package incident

// Word names the kind of change that a timeline entry records. The set is closed. A single table has the properties of each word,
// such as its kind and its name in metrics.
type Word string

// The words of incidents. The word of a message is its kind.
const (
	WordOpened           Word = "opened"
	WordJoined           Word = "joined"
	WordFiresAgain       Word = "fires again"
	WordRepeated         Word = "repeated"
	WordAlertResolved    Word = "alert resolved"
	WordMonitoring       Word = "monitoring"
	WordRelapsed         Word = "relapsed"
	WordReopened         Word = "reopened"
	WordUnconfirmed      Word = "to be confirmed"
	WordIncidentResolved Word = "incident resolved"
	WordDeclared         Word = "declared" // once more, since the incident was there
	WordAccepted         Word = "accepted"
	WordDeclined         Word = "declined"
	WordCancelled        Word = "cancelled"
	WordStep             Word = "step" // Of is the step of active
	WordClosed           Word = "closed"
	WordAmended          Word = "amended"  // Of is the moment, When its instant
	WordAtRisk           Word = "at risk"  // Of is the objective, When its end
	WordBreached         Word = "breached" // Of is the objective
	WordImpact           Word = "impact"
	WordPriority         Word = "priority"
	WordPlan             Word = "plan"
	WordLevel            Word = "level" // Of is its number
	WordEscalated        Word = "escalated"
	WordAskedFor         Word = "asked for" // a person pages somebody
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
	WordWithheld         Word = "withheld"       // a message that has nobody to go to
	WordRunbook          Word = "runbook"        // Of is its name
	WordNote             Word = "note"           // Said is what a person wrote
	WordPinned           Word = "pinned"         // a note that stands above the others
	WordCorrects         Word = "corrects"       // Of is the Seq of the entry about which Said is true instead
	WordUpdate           Word = "update"         // Of is its id
	WordUpdateOverdue    Word = "update overdue" // an update to customers did not come in time
	WordChanged          Word = "changed"
	WordAssumed          Word = "assumed"     // Of is the role
	WordRenounced        Word = "renounced"   // Of is the role
	WordOffered          Word = "offered"     // Of is the role
	WordOfferEnded       Word = "offer ended" // Of is the role: it stays with who holds it
	WordVacant           Word = "vacant"      // Of is the role
	WordTodo             Word = "to-do"       // Of is its number
	WordDecision         Word = "decision"    // Of is its number
	WordPrivate          Word = "private"     // only who has a part in it may see it
	WordAlone            Word = "alone"       // the commander of a P1 resolved it with nobody else
	WordBroken           Word = "broken"      // Of is the schedule, strategy, template, or kind of record
)

// The words of alerts, beside [WordOpened] and [WordReopened].
const (
	WordPending  Word = "pending"
	WordResolved Word = "resolved"
	WordQuiet    Word = "quiet"
	WordFlapping Word = "goes on and off"
	WordSteady   Word = "steady" // an alert that went on and off fires without a break, or no longer does
	WordLate     Word = "late"
	WordOrphan   Word = "orphan"
	WordClock    Word = "clock"
)

// row has the properties of a word.
type row struct {
	kind EntryKind
	// counts is the transition of the incident in metrics and spans; empty: none.
	counts string
	// absorbs is true if the incident absorbed an event after it had opened.
	absorbs bool
	// quotes precedes a person's words in the text of an entry.
	quotes string
}

var words = map[Word]row{
	WordOpened:           {kind: KindState, counts: "open", quotes: "because: "},
	WordJoined:           {kind: KindState, absorbs: true},
	WordFiresAgain:       {kind: KindState, absorbs: true},
	WordRepeated:         {kind: KindState, absorbs: true},
	WordAlertResolved:    {kind: KindState},
	WordMonitoring:       {kind: KindState, counts: "monitor", quotes: "because: "},
	WordRelapsed:         {kind: KindState, counts: "relapse", quotes: "because: "},
	WordReopened:         {kind: KindState, counts: "reopen", quotes: "because: "},
	WordUnconfirmed:      {kind: KindState},
	WordIncidentResolved: {kind: KindState, counts: "resolve", quotes: "override: "},
	WordDeclared:         {kind: KindState, counts: "declare", quotes: "because: "},
	WordAccepted:         {kind: KindState, counts: "accept"},
	WordDeclined:         {kind: KindState, counts: "decline", quotes: "because: "},
	WordCancelled:        {kind: KindState, counts: "cancel", quotes: "because: "},
	WordStep:             {kind: KindState, counts: "step"},
	WordClosed:           {kind: KindState, counts: "close", quotes: "waived: "},
	WordAmended:          {kind: KindChange, quotes: "because: "},
	WordAtRisk:           {kind: KindState},
	WordBreached:         {kind: KindState, counts: "breach"},
	WordImpact:           {kind: KindState, quotes: "because: "},
	WordPriority:         {kind: KindState, counts: "reprioritise", quotes: "because: "},
	WordPlan:             {kind: KindState},
	WordLevel:            {kind: KindState, counts: "escalate"},
	WordEscalated:        {kind: KindState},
	WordAskedFor:         {kind: KindState, quotes: "because: "},
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
	WordWithheld:         {kind: KindNote},
	WordRunbook:          {kind: KindAction},
	WordNote:             {kind: KindNote},
	WordPinned:           {kind: KindNote},
	WordCorrects:         {kind: KindNote},
	WordUpdate:           {kind: KindAction, quotes: "because: "},
	WordUpdateOverdue:    {kind: KindState},
	WordChanged:          {kind: KindNote},
	WordAssumed:          {kind: KindState},
	WordRenounced:        {kind: KindState},
	WordOffered:          {kind: KindState},
	WordOfferEnded:       {kind: KindState},
	WordVacant:           {kind: KindState},
	WordTodo:             {kind: KindState},
	WordDecision:         {kind: KindDecision},
	WordPrivate:          {kind: KindState, quotes: "because: "},
	WordAlone:            {kind: KindNote},
	WordBroken:           {kind: KindNote},
	WordPending:          {kind: KindState},
	WordResolved:         {kind: KindState},
	WordQuiet:            {kind: KindState},
	WordFlapping:         {kind: KindState},
	WordSteady:           {kind: KindState},
	WordLate:             {kind: KindNote},
	WordOrphan:           {kind: KindNote},
	WordClock:            {kind: KindNote},
}

// Kind returns the kind of entries with the word. Unknown words, of a newer version, are notes.
func (w Word) Kind() EntryKind {
	if r, ok := words[w]; ok {
		return r.kind
	}
	return KindNote
}

// Counts returns the transition that metrics and spans have for the word, such as resolve; empty: none.
func (w Word) Counts() string { return words[w].counts }

// Absorbs reports whether the incident absorbed an event after it had opened.
func (w Word) Absorbs() bool { return words[w].absorbs }

// Quote formats a person's words for an entry with the word, as in "because: it was a test"; empty without a text.
func (w Word) Quote(s Said) string {
	if s.Text == "" {
		return ""
	}
	return words[w].quotes + s.Text
}
