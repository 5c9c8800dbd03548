package route

// walk selects the dimensions to visit at the root. If rules read many labels or many members of the data, it visits only the
// dimensions of names that the event has.
type walk struct {
	always []int32            // dimensions visited for every event
	labels map[string][]int32 // dimensions by name of the label; nil: too few to be worth it
	data   map[string][]int32
	absent []int32 // dimensions of labels and data with an edge for a missing name
}

// fewNames is the number of dimensions of labels or data up to which visiting all of them is faster.
const fewNames = 24

func (b *builder) newWalk() walk {
	var w walk
	root := &b.nodes[0]
	labels, data := make(map[string][]int32), make(map[string][]int32)
	on := b.on[root.on : root.on+root.onN]
	for _, d := range on {
		switch field, name := b.firstName(&b.dimensions[d]); field {
		case "event.labels":
			labels[name] = append(labels[name], d)
		case "event.data":
			data[name] = append(data[name], d)
		}
	}
	if len(labels) > fewNames {
		w.labels = labels
	}
	if len(data) > fewNames {
		w.data = data
	}
	for _, d := range on {
		switch field, _ := b.firstName(&b.dimensions[d]); {
		case field == "event.labels" && w.labels == nil, field == "event.data" && w.data == nil, field == "":
			w.always = append(w.always, d)
		case b.leadsOnAbsent(d):
			w.absent = append(w.absent, d)
		}
	}
	return w
}

// firstName returns the map and the name from which a dimension reads, "" if it reads no map of the event.
func (b *builder) firstName(d *dimension) (field, name string) {
	s := &b.slots[d.slot]
	if len(d.steps) > 0 && s.kind == slotField && s.static == kindMap {
		return s.name, d.steps[0]
	}
	for s.kind != slotField {
		parent := &b.slots[s.parent]
		if parent.kind == slotField && (s.kind == slotKey || s.kind == slotFind) {
			if parent.name == "event.labels" || parent.name == "event.data" {
				return parent.name, s.name
			}
			return "", ""
		}
		s = parent
	}
	return "", ""
}

// leadsOnAbsent reports whether an event without the name has an edge in the dimension: an error, or the default of a slot.
func (b *builder) leadsOnAbsent(d int32) bool {
	dim := &b.dimensions[d]
	blank := evaluator{
		space: b.space, limits: &Limits{}, facts: &Facts{Event: b.nothing}, epoch: 1,
		slots: make([]value, len(b.slots)), slotRead: make([]uint32, len(b.slots)), atoms: make([]uint32, len(b.atoms)),
	}
	found, state := dim.find(&blank, nil)
	return len(found) > 0 || state != stateFound && dim.err != 0
}

// followRoot follows the edges of the root.
func (m *matcher) followRoot() {
	w := &m.index.walk
	for _, d := range w.always {
		m.follow(d)
	}
	if w.labels != nil {
		for name := range m.facts.Event.Labels {
			for _, d := range w.labels[name] {
				m.follow(d)
			}
		}
	}
	if w.data != nil {
		for name := range m.facts.Event.Data {
			for _, d := range w.data[name] {
				m.follow(d)
			}
		}
	}
	for _, d := range w.absent {
		if m.walked[d] != m.epoch {
			m.follow(d)
		}
	}
}

// follow follows the edges of one dimension from the root.
func (m *matcher) follow(d int32) {
	m.walked[d] = m.epoch
	found := m.look(d)
	switch dim := &m.index.dimensions[d]; found.state {
	case stateFound:
		for i := found.from; i < found.to; i++ {
			m.visitFromRoot(m.tokens[i], isTrue)
		}
	case stateBroken:
		m.visitFromRoot(dim.broken, isErr)
		fallthrough
	case stateMissing:
		m.visitFromRoot(dim.err, isErr)
	}
}

func (m *matcher) visitFromRoot(t token, least kleene) {
	if to := m.index.root[t]; to != 0 {
		m.visit(to, least)
	}
}
