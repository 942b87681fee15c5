// Written by `cargo xtask codegen` from the proto files; changes made here are lost.
package eventgrpc.events;

import eventgrpc.ProtoMessage;
import eventgrpc.ProtoValue;
import eventgrpc.ProtoWriter;
import java.util.Map;

/** What the recommender said about content that a widget showed; part of the widget events. */
public final class RecoInfo extends ProtoMessage {
    private final String model;
    private final String personaType;
    private final String personaValue;
    private final String bucketLabel;
    private final Map<String, String> recoInfoKV;

    RecoInfo(RecoInfoBuilder builder) {
        model = builder.model;
        personaType = builder.personaType;
        personaValue = builder.personaValue;
        bucketLabel = builder.bucketLabel;
        recoInfoKV = builder.recoInfoKV;
    }

    /** Begins one of which nothing is set. */
    public static RecoInfoBuilder builder() {
        return new RecoInfoBuilder();
    }

    /** The model that made the recommendation. */
    public String getModel() {
        return model;
    }

    /** The kind of persona that the user was matched to; personaValue says which. */
    public String getPersonaType() {
        return personaType;
    }

    /** {@code personaValue}. */
    public String getPersonaValue() {
        return personaValue;
    }

    /** The experiment bucket that the user was in. */
    public String getBucketLabel() {
        return bucketLabel;
    }

    /** Whatever else the model said, by key. */
    public Map<String, String> getRecoInfoKV() {
        return recoInfoKV;
    }

    @Override
    public void writeTo(ProtoWriter out) {
        out.write(5, ProtoValue.STRING, model);
        out.write(6, ProtoValue.STRING, personaType);
        out.write(7, ProtoValue.STRING, personaValue);
        out.write(8, ProtoValue.STRING, bucketLabel);
        out.map(9, ProtoValue.STRING, ProtoValue.STRING, recoInfoKV);
    }
}
