/** Carries requests over gRPC. */
package eventgrpc.grpc;
