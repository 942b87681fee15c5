/**
 * Sends app events to event-grpc: they are taken into a bounded queue at once, and sent in batches until the server has answered for each.
 *
 * <p>{@link eventgrpc.EventClient} is where to begin. The events are in {@link eventgrpc.events}.
 */
package eventgrpc;
