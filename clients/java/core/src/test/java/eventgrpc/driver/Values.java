package eventgrpc.driver;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** Values of proto3 JSON in Java. Numbers may be numbers or texts. */
final class Values {
    private Values() {}

    static int int32(Object value) {
        return whole(value).intValueExact();
    }

    static long int64(Object value) {
        return whole(value).longValueExact();
    }

    static int uint32(Object value) {
        return whole(value).intValue();
    }

    static long uint64(Object value) {
        return whole(value).longValue();
    }

    private static BigInteger whole(Object value) {
        return new BigDecimal(value.toString()).toBigIntegerExact();
    }

    static float float32(Object value) {
        return Float.parseFloat(value.toString());
    }

    static double float64(Object value) {
        return Double.parseDouble(value.toString());
    }

    static boolean bool(Object value) {
        return Boolean.parseBoolean(value.toString());
    }

    static String string(Object value) {
        return (String) value;
    }

    static byte[] bytes(Object value) {
        return Base64.getDecoder().decode((String) value);
    }

    static Instant timestamp(Object value) {
        return Instant.parse((String) value);
    }

    static Duration duration(Object value) {
        return Duration.parse("PT" + value.toString().toUpperCase(Locale.ROOT));
    }

    static <E extends Enum<E>> Function<Object, E> oneOf(E[] values) {
        return value -> {
            for (E one : values) {
                if (one.name().equals(value)) {
                    return one;
                }
            }
            throw new IllegalArgumentException("there is no value " + value);
        };
    }

    static <M> Function<Object, M> message(Function<Fields, M> maker) {
        return value -> {
            Fields fields = new Fields(value);
            M message = maker.apply(fields);
            fields.end();
            return message;
        };
    }

    static <T> List<T> list(Object value, Function<Object, T> one) {
        List<T> list = new ArrayList<>();
        for (Object element : (List<?>) value) {
            list.add(one.apply(element));
        }
        return list;
    }

    static <K, V> Map<K, V> map(Object value, Function<Object, K> key, Function<Object, V> one) {
        Map<K, V> map = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
            map.put(key.apply(entry.getKey()), one.apply(entry.getValue()));
        }
        return map;
    }
}
