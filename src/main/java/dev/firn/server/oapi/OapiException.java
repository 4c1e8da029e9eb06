package dev.firn.server.oapi;

import dev.firn.base.FirnException;
import dev.firn.server.Failure;

/** A failure as the API tells it. */
final class OapiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Problem problem;

  OapiException(Problem problem, String format, Object... arguments) {
    super(String.format(format, arguments));
    this.problem = problem;
  }

  Problem problem() {
    return problem;
  }

  /** What to tell of whatever was thrown. */
  static OapiException of(Throwable thrown) {
    if (thrown instanceof OapiException told) {
      return told;
    }
    Failure failure = Failure.of(thrown);
    String reason = thrown instanceof FirnException told ? told.reason() : null;
    // How the command line is used is nothing to those who come by the API.
    String details = failure.message().replaceAll(":? \\(?'firn [^']*'.*$", "");
    return new OapiException(problem(failure, reason), "%s", details);
  }

  private static Problem problem(Failure failure, String reason) {
    if (reason != null) {
      switch (reason) {
        case "not-configured":
          return Problem.NOT_OFFERED;
        case "bad-location":
          return Problem.INVALID_PARAMETER_VALUE;
        case "no-such-volume":
          return Problem.NO_SUCH_VOLUME;
        case "no-such-snapshot":
          return Problem.NO_SUCH_SNAPSHOT;
        case "no-such-image":
          return Problem.NO_SUCH_IMAGE;
        case "no-such-resource":
          return Problem.NO_SUCH_RESOURCE;
        case "access-keys-not-found":
          return Problem.ACCESS_KEY_NOT_FOUND;
        case "token-mismatch":
          return Problem.TOKEN_MISMATCH;
        case "device-in-use":
          return Problem.DEVICE_IN_USE;
        case "duplicate-name":
          return Problem.DUPLICATE_NAME;
        case "invalid-bdm":
          return Problem.INVALID_BLOCK_DEVICE_MAPPING;
        case "invalid-root-mapping":
          return Problem.INVALID_ROOT_MAPPING;
        case "invalid-volume-size":
          return Problem.INVALID_VOLUME_SIZE;
        case "too-many-snapshots":
          return Problem.TOO_MANY_SNAPSHOTS;
        case "too-many-concurrent-snapshots":
          return Problem.TOO_MANY_CONCURRENT_SNAPSHOTS;
        case "too-many-volumes":
          return Problem.TOO_MANY_VOLUMES;
        case "too-much-volume-size":
          return Problem.TOO_MUCH_VOLUME_SIZE;
        case "too-many-tags":
          return Problem.TOO_MANY_TAGS;
        default:
      }
    }
    return switch (failure.kind()) {
      case USAGE -> Problem.INVALID_PARAMETER_VALUE;
      case NOT_FOUND -> Problem.NO_SUCH_RESOURCE;
      case CONFLICT -> Problem.INVALID_STATE;
      case NOT_PERMITTED -> Problem.NOT_PERMITTED;
      case NO_SPACE -> Problem.DISK_FULL;
      case FAILED, CORRUPT -> Problem.INTERNAL;
    };
  }
}
