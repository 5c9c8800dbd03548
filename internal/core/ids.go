package core

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"

	"github.com/tocsin-dev/tocsin/store"
)

// Kinds of reference. Each names records by something that people or later inputs know.
const (
	refID       = "id"       // incidents by id, of every tenant; alerts of tenants
	refGroup    = "group"    // a group's alerts that fire
	refWaits    = "waits"    // a group's alerts that are pending, which a full group must not hide
	refIncident = "incident" // an incident's alerts
	refEvent    = "event"    // the alerts that an event began
	refField    = "field"    // the open groups that take in alerts by a field
	refChanges  = "changes"  // the changes of a service in an hour
	refPrivate  = "private"  // the private incidents of a tenant
	refAcked    = "acked"    // the incidents that a person has acknowledged
	refDeclared = "declared" // the incident that a command declared
	refList     = "list"     // the confirmed subscribers of a list
	refShare    = "share"    // those whose ids begin alike
)

// IDRef finds an incident by its id, or an alert that has a tenant. Other alerts are found by their key.
func IDRef(id string) store.Ref { return store.Ref{Kind: refID, Name: id} }

// PrivateRef finds the private incidents of a tenant.
func PrivateRef(tenant string) store.Ref {
	return store.Ref{Tenant: tenant, Kind: refPrivate, Name: refPrivate}
}

// EventRef finds the alerts that began with the event.
func EventRef(tenant, id string) store.Ref {
	return store.Ref{Tenant: tenant, Kind: refEvent, Name: id}
}

// MembersRef finds the alerts of an incident.
func MembersRef(tenant, incident string) store.Ref {
	return store.Ref{Tenant: tenant, Kind: refIncident, Name: incident}
}

// lengths of an incident's id: the first is used unless it is taken, then the next.
var lengths = [...]int{8, 10, 12}

// IncidentID returns the id of an incident of a group, unless another incident had that id before: letters and digits, which stand in
// URLs, file names and shells as they are. Nothing is read from an id.
func IncidentID(tenant, group string, generation int) string {
	return incidentID(tenant, group, generation, 0)
}

// incidentID returns the n-th id to try.
func incidentID(tenant, group string, generation, n int) string {
	last := len(lengths) - 1
	return hashed(lengths[min(n, last)], tenant, group, strconv.Itoa(generation), strconv.Itoa(max(0, n-last)))
}

// alertID returns the id by which people know an alert: its intake, "/" and its dedup key, as in its record's key. Tenants may have
// equal keys, so that an alert of a tenant is known by a hash.
func alertID(tenant, key string) string {
	if tenant == "" {
		return key
	}
	return hashed(lengths[len(lengths)-1], tenant, key)
}

// hashed hashes texts, which never meet by concatenation.
func hashed(length int, texts ...string) string {
	h := sha256.New()
	for _, s := range texts {
		h.Write(strconv.AppendInt(nil, int64(len(s)), 10))
		h.Write([]byte{':'})
		h.Write([]byte(s))
	}
	const alphabet = "abcdefghijkmnpqrstuvwxyz23456789" // no l, o, 0 or 1
	return base32.NewEncoding(alphabet).EncodeToString(h.Sum(nil))[:length]
}

// ID returns the id by which people know the alert or incident of a record.
func ID(k store.Key) string {
	if k.Kind == KindAlert {
		return alertID(k.Tenant, k.ID)
	}
	return k.ID
}

// lookup finds the incident with the id, the zero key if there is none; false if the view lacks the answer.
func (t *turn) lookup(id string) (store.Key, bool) {
	for _, r := range t.order { // one that opened in this turn
		if inc, ok := r.rec.(*Incident); ok && inc.ID == id {
			return r.key, true
		}
	}
	keys, ok := t.refs(IDRef(id))
	for _, k := range keys {
		if k.Kind == KindIncident {
			return k, true
		}
	}
	return store.Key{}, ok
}

// freshID returns an id that no incident has, as far as the view tells.
func (t *turn) freshID(tenant, group string, generation int) string {
	for n := 0; ; n++ {
		id := incidentID(tenant, group, generation, n)
		if key, _ := t.lookup(id); key == (store.Key{}) {
			return id
		}
	}
}
