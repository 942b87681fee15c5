// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.Copies;
import java.util.Map;

/** Collects what makes up a {@link RecoInfo}. */
public final class RecoInfoBuilder {
    String model = "";
    String personaType = "";
    String personaValue = "";
    String bucketLabel = "";
    Map<String, String> recoInfoKV = Copies.map(null);

    RecoInfoBuilder() {}

    /** The model that made the recommendation. */
    public RecoInfoBuilder model(String model) {
        this.model = model == null ? "" : model;
        return this;
    }

    /** The kind of persona that the user was matched to; personaValue says which. */
    public RecoInfoBuilder personaType(String personaType) {
        this.personaType = personaType == null ? "" : personaType;
        return this;
    }

    /** {@code personaValue}. */
    public RecoInfoBuilder personaValue(String personaValue) {
        this.personaValue = personaValue == null ? "" : personaValue;
        return this;
    }

    /** The experiment bucket that the user was in. */
    public RecoInfoBuilder bucketLabel(String bucketLabel) {
        this.bucketLabel = bucketLabel == null ? "" : bucketLabel;
        return this;
    }

    /** Whatever else the model said, by key. */
    public RecoInfoBuilder recoInfoKV(Map<String, String> recoInfoKV) {
        this.recoInfoKV = Copies.map(recoInfoKV);
        return this;
    }

    /** Ends. The builder may go on, and build another. */
    public RecoInfo build() {
        return new RecoInfo(this);
    }
}
