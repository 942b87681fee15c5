package eventgrpc;

/** A value of an enum, which is a number on the wire. */
public interface ProtoEnum {
    /**
     * Its number.
     *
     * @return 0 for the first value of most enums, which isn't sent
     */
    int number();
}
