package catalog

import (
	"io"
	"strconv"
	"time"
)

// section is one part of a catalog at the top, with everything that is done with it. All five are there: a section to which
// nothing is done says so by unvetted and the like.
type section struct {
	form     func() field[document]  // how it stands in YAML
	check    func(*checker)          // reports what keeps it from running, and makes it ready for questions
	document func(*markdown)         // writes it for people
	vet      func(*vet)              // reports what should not run although it can
	pin      func(*Catalog, *Pinned) // adds to what an incident keeps from its beginning to its end
}

// all lists the sections in the order in which people read them. A new one needs a line here, a field of [Catalog] and a file.
func all() sections {
	return sections{
		{defaultsForm, checkDefaults, documentDefaults, unvetted, unpinned},
		{peopleForm, checkPeople, documentPeople, unvetted, unpinned},
		{teamsForm, checkTeams, documentTeams, vetTeams, unpinned},
		{schedulesForm, checkSchedules, documentSchedules, vetSchedules, unpinned},
		{servicesForm, checkServices, documentServices, unvetted, unpinned},
		{capabilitiesForm, checkCapabilities, documentCapabilities, vetCapabilities, unpinned},
		{classesForm, checkClasses, documentClasses, vetClasses, unpinned},
		{severitiesForm, checkSeverities, documentSeverities, unvetted, unpinned},
		{impactForm, checkImpact, documentImpact, vetImpact, unpinned},
		{routesForm, checkRoutes, documentRoutes, vetRoutes, unpinned},
		{plansForm, checkPlans, documentPlans, unvetted, pinPlan},
		{rolesForm, checkRoles, documentRoles, vetRoles, unpinned},
		{policiesForm, checkPolicies, documentPolicies, vetPolicies, pinPolicy},
		{runbooksForm, checkRunbooks, documentRunbooks, vetRunbooks, unpinned},
		{channelsForm, checkChannels, documentChannels, vetChannels, unpinned},
		{audiencesForm, checkAudiences, documentAudiences, unvetted, unpinned},
		{commsForm, checkComms, documentComms, vetComms, pinComms},
		{pageForm, checkPage, documentPage, vetPage, unpinned},
		{matrixForm, checkMatrix, undocumented, unvetted, unpinned},
		{objectivesForm, checkObjectives, documentObjectives, unvetted, unpinned},
		{messagesForm, checkMessages, undocumented, unvetted, unpinned},
	}
}

func undocumented(*markdown)     {}
func unvetted(*vet)              {}
func unpinned(*Catalog, *Pinned) {}

// sections are those that a catalog has.
type sections []section

// document is what the files of a catalog say together.
type document struct {
	version int
	Catalog
}

const version = 1 // of the format

func (s sections) form() form[document] {
	fields := []field[document]{
		key("version", "The version of this format, 1. Required in one file.", func(d *document) *int { return &d.version },
			text(shape{kind: ofNumber, what: "1", words: []string{"1"}, shared: true}, "!!int", func(s string) (int, error) {
				if s != strconv.Itoa(version) {
					return 0, errNot
				}
				return version, nil
			}, strconv.Itoa)),
	}
	for _, section := range s {
		fields = append(fields, section.form())
	}
	return mapping("Catalog", "a mapping of sections", false, fields...)
}

// compile makes a catalog ready for questions, and returns what keeps it from running. Without flaws the first result is
// ready. before may be empty.
func (s sections) compile(c *Catalog, before *Compiled) (*Compiled, []flaw) {
	k := &checker{Catalog: c, before: before, out: &Compiled{source: c}}
	for _, section := range s {
		section.check(k)
	}
	k.out.plans, k.out.pinned = make(map[string]*Pinned, len(c.Plans)), make(map[string]*Pinned, len(c.Plans))
	for name := range c.Plans {
		p := s.pin(c, name)
		k.out.plans[name], k.out.pinned[p.Hash] = p, p
	}
	return k.out, k.flaws
}

// pin makes what an incident of the plan keeps.
func (s sections) pin(c *Catalog, plan string) *Pinned {
	p := &Pinned{Name: plan}
	for _, section := range s {
		section.pin(c, p)
	}
	p.Hash = p.hash()
	return p
}

func (s sections) document(c *Catalog, w io.Writer) error {
	compiled, flaws := s.compile(c, &Compiled{})
	if len(flaws) > 0 {
		return c.refused(flaws)
	}
	d := &markdown{Compiled: compiled}
	d.line("# Who is asked for what, and how")
	for _, section := range s {
		section.document(d)
	}
	_, err := w.Write(d.Bytes())
	return err
}

func (s sections) vet(c *Catalog, from, to time.Time) []Finding {
	compiled, flaws := s.compile(c, &Compiled{})
	v := &vet{Compiled: compiled, from: from, to: to}
	if len(flaws) > 0 {
		v.invalid(flaws)
		return v.findings
	}
	v.idle = v.unattended()
	for _, section := range s {
		section.vet(v)
	}
	return v.findings
}
