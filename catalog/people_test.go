package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/tocsin-dev/tocsin/catalog"
	"github.com/tocsin-dev/tocsin/escalate"
)

// TestKnown: names that mean a person of the catalog. A catalog without people knows nobody, and takes any name.
func TestKnown(t *testing.T) {
	cat, err := (&catalog.Catalog{
		People: map[escalate.PersonID]catalog.Person{
			"ana": {Contacts: []escalate.Contact{"slack:U0ANA00000"}, Aka: []string{"PANA001", "ana@shop.example"}},
			"ben": {Contacts: []escalate.Contact{"slack:@ben"}},
		},
		Defaults: catalog.Defaults{Owner: "shop", Plan: "loud"},
		Teams:    map[string]catalog.Team{"shop": {Members: []escalate.PersonID{"ana"}}},
		Plans:    map[string]catalog.Plan{"loud": {Policy: "one"}},
		Policies: map[string]escalate.Policy{"one": {Levels: []escalate.Level{{Page: []escalate.Target{"person:ana"}, Wait: time.Minute}}}},
	}).Compile()
	require.NoError(t, err)
	for name, want := range map[escalate.PersonID]escalate.PersonID{
		"ana": "ana", "U0ANA00000": "ana", "slack:U0ANA00000": "ana", "PANA001": "ana", "ana@shop.example": "ana",
		"ben": "ben", "@ben": "ben", "slack:@ben": "ben", "sms:@ben": "", "PANA002": "", "": "", "Ana": "",
	} {
		person, ok := cat.Known(name)
		assert.Equal(t, want, person, name)
		assert.Equal(t, want != "", ok, name)
	}
	open, err := (&catalog.Catalog{
		Defaults: catalog.Defaults{Owner: "shop", Plan: "loud"}, Teams: map[string]catalog.Team{"shop": {}},
		Plans:    map[string]catalog.Plan{"loud": {Policy: "one"}},
		Policies: map[string]escalate.Policy{"one": {Levels: []escalate.Level{{Page: []escalate.Target{"channel:slack:#shop"}, Wait: time.Minute}}}},
	}).Compile()
	require.NoError(t, err)
	_, ok := open.Known("ana")
	assert.False(t, ok)
	person, err := open.Named("ana")
	require.NoError(t, err)
	assert.EqualValues(t, "ana", person)
}
