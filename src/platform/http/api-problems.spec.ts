import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { ApiInputProblems } from './api-problems.js';

/** The statuses that a route is documented with, whose parameters are known by these keys. */
function statusesOf(...keys: readonly string[]): readonly string[] {
  class Routes {
    route(): void {}
  }
  const parameters = Object.fromEntries(keys.map((key, index) => [key, { index }]));
  Reflect.defineMetadata(ROUTE_ARGS_METADATA, parameters, Routes, 'route');
  const descriptor = Object.getOwnPropertyDescriptor(Routes.prototype, 'route')!;
  ApiInputProblems()(Routes.prototype, 'route', descriptor);
  return Object.keys(Reflect.getMetadata('swagger/apiResponse', descriptor.value as object) as object);
}

describe('the problems of a route’s input', () => {
  it('follow from its body and query', () => {
    expect(statusesOf('3:0')).toEqual(['400', '413', '415', '422', '500']);
    expect(statusesOf('4:0')).toEqual(['422', '500']);
    expect(statusesOf('5:0')).toEqual(['500']);
  });

  it('do not follow from a parameter of our own, whatever random name its decorator was given', () => {
    expect(statusesOf('3f2a9b__customRouteArgs__:0', '4c01__customRouteArgs__:1')).toEqual(['500']);
  });
});
