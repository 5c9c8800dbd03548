package storetest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-dev/tocsin/store"
)

// show prints every part of a value that the rules define. It leaves out Cursor, whose form is up to the store.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case error:
		return "error: " + v.Error()
	case string:
		return strconv.Quote(v)
	case []byte:
		return strconv.Quote(string(v))
	case time.Time:
		return instant(v)
	case store.Key:
		return fmt.Sprintf("%q/%q/%q", v.Tenant, v.Kind, v.ID)
	case store.Claim:
		return fmt.Sprintf("%q with fence %d", v.ID, v.Fence)
	case store.Entry:
		return fmt.Sprintf("%d at %s %s %q", v.Seq, instant(v.At), v.Kind, v.Doc)
	case store.Lease:
		return fmt.Sprintf("leased by %s until %s with fence %d", v.Owner, instant(v.Until), v.Fence)
	case store.Newer:
		return fmt.Sprintf("newer %d %q", v.Schema, v.Doc)
	case store.Unreadable:
		return fmt.Sprintf("unreadable %d %q", v.Schema, v.Doc)
	case store.Task:
		return showTask(&v)
	case store.Snapshot:
		return fmt.Sprintf("{%s version %d: %s, entries %s}", show(v.Key), v.Version, show(v.Rec), show(v.Entries))
	case store.Claimed:
		return fmt.Sprintf("tasks %s, lost %s, due %s, next %s", show(v.Tasks), show(v.Lost), show(v.Due), instant(v.Next))
	case store.View:
		return showView(&v)
	}
	if list := reflect.ValueOf(v); list.Kind() == reflect.Slice {
		items := make([]string, list.Len())
		for i := range items {
			items[i] = show(list.Index(i).Interface())
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	return fmt.Sprint(v)
}

func showTask(t *store.Task) string {
	lease := "not leased"
	if t.Lease != nil {
		lease = show(*t.Lease)
	}
	return fmt.Sprintf("{%q of %s, queue %q, order %q, tag %q, P%d, rank %d, due %s, expires %s, %s, %s %q}", t.ID, show(t.Record),
		t.Queue, t.Order, t.Tag, t.Priority, t.Rank, instant(t.Due), instant(t.Expires), lease, t.Kind, t.Payload)
}

func showView(v *store.View) string {
	var records []store.Snapshot
	for _, k := range slices.SortedFunc(maps.Keys(v.Records), store.Key.Compare) {
		records = append(records, v.Records[k])
	}
	var refs []string
	for r, keys := range v.Refs {
		refs = append(refs, fmt.Sprintf("%s/%s %s", r.Tenant, r.Name, show(keys)))
	}
	slices.Sort(refs)
	return fmt.Sprintf("records %s, refs %s, seen %v, valid %v", show(records), refs, v.Seen, v.Valid)
}

// instant prints the distance from the suite's start, and the zone unless it is UTC.
func instant(t time.Time) string {
	switch {
	case t.IsZero():
		return "none"
	case t.Location() != time.UTC:
		return t.Format(time.RFC3339Nano) + " in zone " + t.Location().String()
	}
	return "+" + t.Sub(start).String()
}

// cut shortens a long text to the surroundings of its first difference from the other.
func cut(text, other string) string {
	const around = 400
	if len(text) <= 3*around {
		return text
	}
	same := 0
	for same < min(len(text), len(other)) && text[same] == other[same] {
		same++
	}
	from, to := max(0, same-around), min(len(text), same+around)
	var b strings.Builder
	if from > 0 {
		b.WriteString("… ")
	}
	b.WriteString(strings.ToValidUTF8(text[from:to], ""))
	if to < len(text) {
		b.WriteString(" …")
	}
	return b.String()
}
