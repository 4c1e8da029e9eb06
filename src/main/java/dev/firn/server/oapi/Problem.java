package dev.firn.server.oapi;

/** The errors of the API that can happen here: code, type, HTTP status. */
enum Problem {
  NOT_AUTHENTICATED("4120", "AccessDenied", 401),
  NOT_PERMITTED("4", "AccessDenied", 403),
  NO_SUCH_ACTION("5011", "InvalidResource", 404),
  METHOD_NOT_ALLOWED("4042", "InvalidParameterValue", 405),
  BODY_TOO_LARGE("4106", "InvalidParameterValue", 413),
  TOO_SLOW("4106", "InvalidParameterValue", 408),
  INTERNAL("2000", "InternalError", 500),
  UNAVAILABLE("2001", "ServiceUnavailable", 503),
  DISK_FULL("10001", "InsufficientCapacity", 503),
  NOT_OFFERED("8001", "OperationNotSupported", 400),

  ACCESS_KEY_NOT_FOUND("4000", "InvalidParameterValue", 400),
  INVALID_BLOCK_DEVICE_MAPPING("4011", "InvalidParameterValue", 400),
  INVALID_DEVICE_NAME("4019", "InvalidParameterValue", 400),
  INVALID_FILTER("4023", "InvalidParameterValue", 400),
  INVALID_IMAGE_NAME("4026", "InvalidParameterValue", 400),
  INVALID_IOPS("4029", "InvalidParameterValue", 400),
  INVALID_PARAMETER("4045", "InvalidParameterValue", 400),
  INVALID_PARAMETER_SET("4046", "InvalidParameterValue", 400),
  INVALID_PARAMETER_VALUE("4047", "InvalidParameterValue", 400),
  INVALID_ROOT_MAPPING("4057", "InvalidParameterValue", 400),
  INVALID_TAG_KEY("4069", "InvalidParameterValue", 400),
  INVALID_TAG_VALUE_LENGTH("4071", "InvalidParameterValue", 400),
  INVALID_TYPE("4073", "InvalidParameterValue", 400),
  INVALID_VOLUME_SIZE("4078", "InvalidParameterValue", 400),
  TOKEN_MISMATCH("4091", "InvalidParameterValue", 400),
  INVALID_ID_PREFIX("4104", "InvalidParameterValue", 400),
  MALFORMED_ID("4105", "InvalidParameterValue", 400),
  INVALID_LENGTH("4106", "InvalidParameterValue", 400),
  INVALID_PARAMETER_TYPE("4108", "InvalidParameterValue", 400),
  INVALID_INTERVAL("4109", "InvalidParameterValue", 400),
  MISSING_PARAMETER("7007", "MissingParameter", 400),

  NO_SUCH_IMAGE("5023", "InvalidResource", 400),
  NO_SUCH_ACCOUNT("5044", "InvalidResource", 400),
  NO_SUCH_REGION("5043", "InvalidResource", 400),
  NO_SUCH_SUBREGION("5009", "InvalidResource", 400),
  NO_SUCH_RESOURCE("5044", "InvalidResource", 400),
  NO_SUCH_SNAPSHOT("5054", "InvalidResource", 400),
  NO_SUCH_VM("5063", "InvalidResource", 400),
  NO_SUCH_VOLUME("5064", "InvalidResource", 400),
  NO_SUCH_USER("5075", "InvalidResource", 400),

  INVALID_STATE("6003", "InvalidState", 409),
  INVALID_VOLUME_STATE("6007", "InvalidState", 409),
  DEVICE_IN_USE("9004", "ResourceConflict", 409),
  DUPLICATE_NAME("9015", "ResourceConflict", 409),
  VOLUME_NOT_IN_USE("9063", "ResourceConflict", 409),

  TOO_MANY_CONCURRENT_SNAPSHOTS("10008", "TooManyResources (QuotaExceded)", 400),
  TOO_MANY_VOLUMES("10018", "TooManyResources (QuotaExceded)", 400),
  TOO_MUCH_VOLUME_SIZE("10024", "TooManyResources (QuotaExceded)", 400),
  TOO_MANY_SNAPSHOTS("10026", "TooManyResources (QuotaExceded)", 400),
  TOO_MANY_TAGS("10041", "TooManyResources (QuotaExceded)", 400);

  final String code;
  final String type;
  final int httpStatus;

  Problem(String code, String type, int httpStatus) {
    this.code = code;
    this.type = type;
    this.httpStatus = httpStatus;
  }
}
