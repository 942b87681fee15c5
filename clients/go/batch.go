package eventgrpc

// around is how many bytes of a request are neither its header nor its events.
const around = len(`{"header":,"events":[]}`)

// front is the events that are sent together, and whether no further one could join them. The first goes in any case,
// however large it is.
func front(items []*item, mostEvents, mostBytes int) (batch []*item, full bool) {
	size := around
	for i, it := range items {
		if i == 0 {
			size += len(it.header) + len(it.event)
		} else {
			size += 1 + len(it.event)
			if size > mostBytes || it.header != items[0].header {
				return items[:i], true
			}
		}
		if i+1 >= mostEvents {
			return items[:i+1], true
		}
	}
	return items, size >= mostBytes
}

// body is the request of a batch, as JSON.
func body(batch []*item) []byte {
	size := around + len(batch[0].header)
	for _, it := range batch {
		size += len(it.event) + 1
	}
	text := make([]byte, 0, size)
	text = append(text, `{"header":`...)
	text = append(text, batch[0].header...)
	text = append(text, `,"events":[`...)
	for i, it := range batch {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, it.event...)
	}
	return append(text, ']', '}')
}
